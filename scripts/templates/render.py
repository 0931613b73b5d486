"""Render the files of a module, formatted by ruff."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from scripts.templates.grammar import RefusedException
from scripts.templates.module import Module
from scripts.templates.names import check_names
from scripts.templates.prose import class_name, docstring, joined, regex

LAYERS = ("models", "schemas", "repository", "service", "routers")
LONGEST_FILE = 150

# Files that list all modules: path, name of the list, import line of a module.
LISTS = {
    Path("app/modules/__init__.py"): (
        "ROUTERS",
        "from app.modules.{0}.routers import router as {0}",
    ),
    Path("alembic/env.py"): ("MODELS", "from app.modules.{0} import models as {0}"),
}


def render(root: Path, module: Module) -> dict[Path, str]:
    """Return the text of each file to add or change, by its path relative to `root`.

    Raises:
        RefusedException: a file exists, is too long or has conflicting names.
    """
    folder = Path("app/modules", module.name)
    made = {folder / "__init__.py": ""} | fill_templates(module)
    for path in (folder, *made):
        if (root / path).exists():
            raise RefusedException(f"{path} already exists.")
    longer = {path: with_module(root, path, module.name) for path in LISTS}
    files = tidy(root, made | longer)
    for path, text in files.items():
        check_names(path, text)
        if len(text.splitlines()) > LONGEST_FILE:
            raise RefusedException(
                f"{path} would exceed {LONGEST_FILE} lines; use fewer fields."
            )
    return files


def fill_templates(module: Module) -> dict[Path, str]:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals |= {"docstring": docstring, "regex": regex}
    templates.filters |= {"joined": joined, "class_name": class_name}
    folder = Path("app/modules", module.name)
    names = {folder / f"{layer}.py": f"{layer}.py.jinja" for layer in LAYERS}
    names[Path(f"tests/modules/test_{module.name}.py")] = "test.py.jinja"
    return {
        path: templates.get_template(name).render(module=module)
        for path, name in names.items()
    }


def with_module(root: Path, path: Path, name: str) -> str:
    """Return the file's text with an import and a list item for the module added."""
    title, line = LISTS[path]
    text = (root / path).read_text(encoding="utf-8")
    before_imports = re.compile(r"^(?=from app\.modules\.)", re.MULTILINE)
    end_of_list = re.compile(rf"^({title} = \([^)]*\n)(?=\))", re.MULTILINE)
    text, imports = before_imports.subn(f"{line.format(name)}\n", text, count=1)
    text, items = end_of_list.subn(rf"\1    {name},\n", text, count=1)
    if not imports or not items:
        raise RefusedException(f"{path} has no list of modules named {title}.")
    return text


def tidy(root: Path, files: dict[Path, str]) -> dict[Path, str]:
    """Remove unused imports, sort the others and format the files."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copy(root / "ruff.toml", folder)
        for path, text in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        for words in ("check --quiet --fix-only .", "format --quiet ."):
            ruff = [sys.executable, "-m", "ruff", *words.split()]
            subprocess.run(ruff, cwd=folder, check=True)
        return {path: (folder / path).read_text(encoding="utf-8") for path in files}
