"""Generate a domain: its files, registration, migration and tests.

python scripts/new_module.py warehouses 'code:str!' name:str 'phone:str?' notes:text

If a step fails, all changes are undone. See --help for the types of fields.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import Annotated

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer

# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.templates.grammar import GRAMMAR, RefusedException
from scripts.templates.module import Module, parse_module
from scripts.templates.render import render

VERSIONS = Path("alembic/versions")
# Files exported from the code, and the scripts that export them.
WRITTEN = (Path("docs/openapi.json"), Path("docs/RBAC_GUIDE.md"))
EXPORTS = ("scripts/export_openapi.py", "scripts/export_tables.py")
# Commands in one process, since each start of the application takes seconds.
IN_TURN = """
import runpy, shlex, sys
for command in sys.argv[1:]:
    sys.argv = shlex.split(command)
    if sys.argv[0] == "alembic":
        runpy.run_module("alembic", run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")
"""


class FailedException(Exception):
    """A step failed, and all changes were undone."""


def add_module(root: Path, module: Module) -> None:
    """Add a module to the repository at `root`.

    Raises:
        RefusedException: the module conflicts with the code; nothing was changed.
        FailedException: a later step failed; all changes were undone.
    """
    files = render(root, module)
    with TemporaryDirectory() as folder, all_or_nothing(root, module, [*files]):
        # Not the developer's database, which may not be at head.
        url = f"sqlite:///{folder}/head.db"
        print("Checking that the migrations match the models …", flush=True)
        run(root, url, "alembic upgrade head", "alembic check")
        (root / "app/modules" / module.name).mkdir()
        for path, text in files.items():
            (root / path).write_text(text, encoding="utf-8")
        print("Writing the migration, the OpenAPI document and tables …", flush=True)
        revision = f"alembic revision --autogenerate -m {quote(module.labels)}"
        run(root, url, revision, "alembic upgrade head", "alembic check", *EXPORTS)


@contextmanager
def all_or_nothing(root: Path, module: Module, paths: list[Path]) -> Iterator[None]:
    """Undo all changes to the files if the block raises."""
    places = {root / path for path in (*paths, *WRITTEN)}
    before = {place: place.read_bytes() for place in places if place.exists()}
    revisions = {*(root / VERSIONS).glob("*.py")}
    try:
        yield
    except BaseException:
        # First what is new, since the disk may be full.
        shutil.rmtree(root / "app/modules" / module.name, ignore_errors=True)
        made = {*(root / VERSIONS).glob(f"*_{module.name}.py")} - revisions
        for place in (made | places) - before.keys():
            place.unlink(missing_ok=True)
        for place, content in before.items():
            if place.read_bytes() != content:
                place.write_bytes(content)
        raise


def run(root: Path, url: str, *commands: str) -> None:
    # Without bytecode, which would be left behind if the module is undone.
    settings = {"DATABASE_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", IN_TURN, *commands],
        cwd=root,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = f"{done.stdout}{done.stderr}".strip()
        raise FailedException(f"Failed: {'; '.join(commands)}\n{said}")


def main(
    name: Annotated[str, typer.Argument(help="Plural, such as purchase_orders")],
    fields: Annotated[list[str], typer.Argument(help="Such as name:str; see below")],
    singular: Annotated[str, typer.Option(help="Singular of NAME, if irregular")] = "",
) -> None:
    """Generate a domain: files, registration, migration and tests.

    \b
    python scripts/new_module.py warehouses 'code:str!' name:str 'phone:str?' notes:text
    """
    # A closed terminal or a stopped job undoes all changes as well. SIGINT is among
    # them, as a shell has background jobs ignore it.
    for ending in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    try:
        module = parse_module(name, singular, fields)
        add_module(ROOT, module)
    except RefusedException as error:
        sys.exit(f"Nothing was changed. {error}")
    except (FailedException, OSError) as error:
        sys.exit(f"All changes were undone. {error}")
    except KeyboardInterrupt:
        sys.exit("All changes were undone. The command was interrupted.")
    print(f"Created {name}: class {module.entity}, table {module.table}.")
    print("Review its files and its migration, then run: alembic upgrade head")


if __name__ == "__main__":
    app = typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    app.command(epilog=GRAMMAR)(main)
    app()
