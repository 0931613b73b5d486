"""A generated Python client: mypy accepts it."""

import sys
from pathlib import Path

import pytest

from tests.generated.conftest import Steps

GENERATOR = "openapi-python-client==0.29.1"


@pytest.mark.client
def test_openapi_python_client(folder: Path, run: Steps) -> None:
    run(sys.executable, "-m", "venv", "environment")
    python = str(folder / "environment/bin/python")
    run(python, "-m", "pip", "install", "--quiet", GENERATOR, "mypy==2.4.1")
    given = ("--path", "openapi.json", "--meta", "none", "--output-path", "client")
    run(str(folder / "environment/bin/openapi-python-client"), "generate", *given)
    # Its own client.py, which no document changes, has errors of its own.
    parts = ("--follow-imports", "silent", "-p", "client.api", "-p", "client.models")
    run(python, "-m", "mypy", "--strict", *parts)
