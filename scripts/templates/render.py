"""Turn a module into the text of its files, laid out as ruff has it."""

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
from scripts.templates.prose import class_name, docstring, joined

LAYERS = ("models", "schemas", "repository", "service", "routers")
LONGEST_FILE = 150

# The lists of all modules: the file, what it calls the list, how it imports a module.
LISTS = {
    Path("app/modules/__init__.py"): (
        "ROUTERS",
        "from app.modules.{0}.routers import router as {0}",
    ),
    Path("alembic/env.py"): ("MODELS", "from app.modules.{0} import models as {0}"),
}


def render(root: Path, module: Module) -> dict[Path, str]:
    """Return every file that the module adds or changes, by its place under `root`.

    Raises:
        RefusedException: one of them exists already, or would break a rule.
    """
    folder = Path("app/modules", module.name)
    made = {folder / "__init__.py": ""} | fill_templates(module)
    for path in (folder, *made):
        if (root / path).exists():
            raise RefusedException(f"There is {path} already.")
    longer = {path: with_module(root, path, module.name) for path in LISTS}
    files = tidy(root, made | longer)
    for path, text in files.items():
        check_names(path, text)
        if len(text.splitlines()) > LONGEST_FILE:
            raise RefusedException(f"With so many fields {path} is no short file.")
    return files


def fill_templates(module: Module) -> dict[Path, str]:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals["docstring"] = docstring
    templates.filters |= {"joined": joined, "class_name": class_name}
    folder = Path("app/modules", module.name)
    names = {folder / f"{layer}.py": f"{layer}.py.jinja" for layer in LAYERS}
    names[Path(f"tests/modules/test_{module.name}.py")] = "test.py.jinja"
    return {
        path: templates.get_template(name).render(module=module)
        for path, name in names.items()
    }


def with_module(root: Path, path: Path, name: str) -> str:
    """Return the file with one more module in its list: an import, and an item."""
    title, line = LISTS[path]
    text = (root / path).read_text(encoding="utf-8")
    before_imports = re.compile(r"^(?=from app\.modules\.)", re.MULTILINE)
    end_of_list = re.compile(rf"^({title} = \([^)]*\n)(?=\))", re.MULTILINE)
    text, imports = before_imports.subn(f"{line.format(name)}\n", text, count=1)
    text, items = end_of_list.subn(rf"\1    {name},\n", text, count=1)
    if not imports or not items:
        raise RefusedException(f"{path} has no list {title} of modules any more.")
    return text


def tidy(root: Path, files: dict[Path, str]) -> dict[Path, str]:
    """Take away the imports that nobody needs, sort the others, and format."""
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
