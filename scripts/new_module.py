"""Write a new domain: six files, its lines in two lists, its migration and its tests.

python scripts/new_module.py warehouses 'code:str!' name:str 'phone:str?' notes:text

It does all of this or nothing. --help tells the types of fields.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
# The application is read, not served: any secret will do, so none need be set.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.templates.grammar import GRAMMAR, RefusedException
from scripts.templates.module import Module, parse_module
from scripts.templates.render import render

VERSIONS = Path("alembic/versions")
# What is written from the code, and by which scripts.
WRITTEN = (Path("docs/openapi.json"), Path("docs/RBAC_GUIDE.md"))
EXPORTS = ("scripts/export_openapi.py", "scripts/export_tables.py")


class FailedException(Exception):
    """A step has failed, and everything is as it was before."""


def add_module(root: Path, module: Module) -> None:
    """Add a module to the repository at `root`.

    Raises:
        RefusedException: it would not fit in; nothing has been touched.
        FailedException: a later step has failed; what was made is gone again.
    """
    files = render(root, module)
    with TemporaryDirectory() as folder, all_or_nothing(root, module, [*files]):
        # The developer's database may be anywhere between two migrations.
        url = f"sqlite:///{folder}/head.db"
        run(root, url, "-m", "alembic", "upgrade", "head")
        run(root, url, "-m", "alembic", "check")
        (root / "app/modules" / module.name).mkdir()
        for path, text in files.items():
            (root / path).write_text(text, encoding="utf-8")
        words = ("revision", "--autogenerate", "-m", module.labels)
        run(root, url, "-m", "alembic", *words)
        for script in EXPORTS:
            run(root, url, script)


@contextmanager
def all_or_nothing(root: Path, module: Module, paths: list[Path]) -> Iterator[None]:
    """Put everything back as it was, should anything in this block fail."""
    places = {root / path for path in (*paths, *WRITTEN)}
    before = {place: place.read_bytes() for place in places if place.exists()}
    revisions = {*(root / VERSIONS).glob("*.py")}
    try:
        yield
    except BaseException:
        made = {*(root / VERSIONS).glob(f"*_{module.name}.py")} - revisions
        for place in (made | places) - before.keys():
            place.unlink(missing_ok=True)
        for place, content in before.items():
            place.write_bytes(content)
        shutil.rmtree(root / "app/modules" / module.name, ignore_errors=True)
        raise


def run(root: Path, url: str, *words: str) -> None:
    # Without bytecode, for it would be left behind where a module is gone again.
    settings = {"DATABASE_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=root,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = f"{done.stdout}{done.stderr}".strip()
        raise FailedException(f"This has failed: python {' '.join(words)}\n{said}")


def main(
    name: Annotated[str, typer.Argument(help="The plural, such as purchase_orders")],
    fields: Annotated[list[str], typer.Argument(help="Such as name:str; see below")],
    singular: Annotated[str, typer.Option(help="Of NAME, where it is irregular")] = "",
) -> None:
    """Write a new domain: files, lists, migration and tests. All of it, or nothing.

    \b
    python scripts/new_module.py warehouses 'code:str!' name:str 'phone:str?' notes:text
    """
    try:
        module = parse_module(name, singular, fields)
        add_module(ROOT, module)
    except RefusedException as error:
        sys.exit(f"Nothing has changed. {error}")
    except FailedException as error:
        sys.exit(f"Everything is as it was before. {error}")
    print(f"Made {name}: the class {module.entity}, in the table {module.table}.")
    print("Read its migration and its files. Then: alembic upgrade head")


if __name__ == "__main__":
    app = typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    app.command(epilog=GRAMMAR)(main)
    app()
