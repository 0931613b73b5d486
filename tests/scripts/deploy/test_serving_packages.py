"""The packages that serve: enough for the application, at the tested versions."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.databases import ROOT
from tests.processes.servers import environment

SERVING = ROOT / "scripts/deploy/requirements.txt"
PINNED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", re.MULTILINE)
ONLY_WINDOWS = {"colorama"}
# Fails the import of every module whose package is not in the list.
PROGRAM = """
import sys
allowed = set({allowed!r})
class Finder:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in {known!r} and top not in allowed:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Finder())
for module in {modules!r}:
    __import__(module)
"""
MODULES = [
    "app.main",
    "app.__main__",
    "scripts.archive_audit",
    "scripts.backup",
    "scripts.check_audit",
    "scripts.purge_auth",
    "scripts.restore",
    "scripts.restore_guarantees",
    "seeds.seed_create_app",
    "alembic.command",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(path: Path) -> dict[str, str]:
    found = PINNED.findall(path.read_text())
    return {canonical(name): version for name, version in found}


def test_the_versions_are_those_that_were_tested() -> None:
    tested, serving = pinned(ROOT / "requirements.txt"), pinned(SERVING)
    assert {
        name: version
        for name, version in serving.items()
        if tested.get(name) != version and name not in ONLY_WINDOWS
    } == {}


def test_each_package_has_hashes() -> None:
    blocks = SERVING.read_text().split("\n")
    heads = [at for at, line in enumerate(blocks) if PINNED.match(line)]
    assert all("--hash=sha256:" in blocks[at + 1] for at in heads)


@pytest.mark.heavy
def test_the_application_needs_no_other_package() -> None:
    serving = pinned(SERVING)
    modules = packages_distributions()
    allowed = {
        module
        for module, names in modules.items()
        if any(canonical(name) in serving for name in names)
    }
    program = PROGRAM.format(
        allowed=sorted(allowed), known=sorted(modules), modules=MODULES
    )
    env = environment("sqlite:///app.db")
    subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, check=True, timeout=120
    )
