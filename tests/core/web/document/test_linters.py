"""The OpenAPI document has no error or warning of two linters, with npm."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.databases import ROOT

PACKAGES = ("@stoplight/spectral-cli@6.16.3", "@redocly/cli@2.77.0")
SNAPSHOT = ROOT / "docs/openapi.json"
LINTERS = {
    "spectral": ("lint", "openapi.json", "--fail-severity=warn"),
    "redocly": ("lint", "openapi.json", "--extends=recommended", "--format=summary"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("linters")
    shutil.copy(SNAPSHOT, folder)
    (folder / "package.json").write_text("{}")
    (folder / ".spectral.yaml").write_text('extends: ["spectral:oas"]\n')
    command = ("npm", "install", "--silent", "--no-audit", "--no-fund", *PACKAGES)
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.client
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
@pytest.mark.parametrize("linter", LINTERS)
def test_a_linter_finds_nothing(folder: Path, linter: str) -> None:
    command = (str(folder / "node_modules/.bin" / linter), *LINTERS[linter])
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "warning " not in said, said
