"""Fixture: a folder with the document, where tools of npm can be run."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.export_openapi import document

Steps = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "openapi.json").write_text(document(), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Steps:
    """Return a function that runs a command in the folder, and returns its output."""

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return done.stdout.decode()

    return run


@pytest.fixture
def install(run: Steps) -> Steps:
    """Return a function that installs packages of npm into the folder."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")

    def install(*packages: str) -> str:
        return run("npm", "install", "--silent", "--no-audit", "--no-fund", *packages)

    return install
