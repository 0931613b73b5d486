"""Each recipe of the guide works as written, in a copy of the project."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts.copies import ROOT, copy_repository
from tests.scripts.recipes import edit, steps_of

GUIDE = ROOT / "docs/RECIPES.md"


def run(root: Path, commands: str, database: Path) -> None:
    """Run commands as typed, in the virtual environment, on SQLite."""
    settings = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": f"sqlite:///{database}",
        "PYTEST_ADDOPTS": "-q --database sqlite -p no:cacheprovider",
    }
    done = subprocess.run(
        ["bash", "-euxc", commands],
        cwd=root,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_edits_fit_the_code(tmp_path: Path) -> None:
    """Commands, and edits of the files that they generate, run with --whole."""
    for step in steps_of(GUIDE.read_text(encoding="utf-8")):
        source, copy = ROOT / step.path, tmp_path / step.path
        if step.kind == "sh" or not source.is_file():
            continue
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
        edit(tmp_path, step)
        ast.parse(copy.read_text(encoding="utf-8"))
    assert [*tmp_path.rglob("models.py")]


@pytest.mark.slow
@pytest.mark.heavy
def test_the_recipes_work_as_written(tmp_path: Path) -> None:
    root, database = copy_repository(tmp_path / "copy"), tmp_path / "app.db"
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", root / ".mypy_cache")
    run(root, "alembic upgrade head", database)
    for step in steps_of(GUIDE.read_text(encoding="utf-8")):
        if step.kind == "sh":
            run(root, step.text, database)
        else:
            edit(root, step)
