"""The application on the other Pythons that it runs on, with what serves."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import ROOT, SqliteTemplate
from tests.processes.servers import environment, serving

pytestmark = pytest.mark.heavy
OWN = f"3.{sys.version_info.minor}"  # the whole suite runs on it
VERSIONS = [each for each in ("3.11", "3.12", "3.13") if each != OWN]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
PACKAGES = "scripts/deploy/requirements.txt"


def interpreter(version: str) -> str:
    """Return the path of a Python, on the PATH or of pyenv; skip if there is none."""
    found = shutil.which(f"python{version}", path="/usr/local/bin:/usr/bin")
    if found is None:
        found = next(map(str, PYENV.glob(f"{version}.*/bin/python")), None)
    return found or pytest.skip(f"There is no Python {version} on this machine")


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the Python of an environment that has only what the application needs."""
    folder = tmp_path / "environment"
    bare = interpreter(request.param)
    subprocess.run([bare, "-m", "venv", folder], check=True)
    path = str(folder / "bin/python")
    install = [path, "-m", "pip", "install", "--quiet", "-r", PACKAGES]
    subprocess.run(install, cwd=ROOT, check=True)
    yield path
    shutil.rmtree(folder)


def test_it_serves_and_its_commands_run(python: str, tmp_path: Path) -> None:
    url, archive = f"sqlite:///{tmp_path}/shop.db", tmp_path / "archive"
    archive.mkdir()
    env = environment(url, AUDIT_ARCHIVE_DIR=str(archive))

    def run(*command: str) -> None:
        subprocess.run([python, "-W", "error", *command], cwd=ROOT, env=env, check=True)

    run("-m", "alembic", "upgrade", "head")
    run("seeds/seed_create_app.py")
    run("scripts/check_audit.py")
    run("scripts/archive_audit.py", "status")
    with (
        SqliteTemplate(tmp_path / "template").copy() as filled,
        serving(filled, tmp_path, (python, "-m", "app")) as server,
        server.client() as client,
    ):
        pen = {"sku": "PEN-1", "name": "Pen", "price": "1.50"}
        made = client.post("/products", json=pen).raise_for_status()
        path, tag = made.headers["location"], {"if-match": made.headers["etag"]}
        record = f"/products/{path.rpartition('/')[2]}"
        client.patch(record, json={"stock": 3}, headers=tag).raise_for_status()
        history = client.get(f"{record}/history").raise_for_status().json()["items"]
        assert [each["version"] for each in history] == [2, 1]
        assert client.get("/products/export?q=pen").text.count("PEN-1") == 1
        assert server.stop() == 0
