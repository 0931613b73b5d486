"""Scripts as they are typed: without an activated environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.core.startup.project_python import ADVICE, VENV
from tests.databases import ROOT

CALL = "\nuse_project_python()\n"
# Called by other scripts, or with the standard library only.
OTHERS = {"commands.py", "__init__.py", "start.py", "verify_log.py"}
OTHERS |= {"accounts.py", "data.py", "export_screenshot.py"}
SCRIPTS = sorted(
    path
    for folder in ("scripts", "seeds")
    for path in (ROOT / folder).glob("*.py")
    if path.name not in OTHERS and not path.name.startswith(("bench_", "benchmark_"))
)
# A script's own folder is the first of the path, not the project's.
EXTENSION = "\nsys.path.insert("
WITH_PATH = sorted(
    path
    for folder in ("scripts", "seeds")
    for path in (ROOT / folder).glob("*.py")
    if EXTENSION in path.read_text()
)
GENERATOR = "scripts/new_module.py"
STARTUP = "app/core/startup"
NEEDED = (
    *(f"{each}/__init__.py" for each in ("app", "app/core", STARTUP, "scripts")),
    f"{STARTUP}/project_python.py",
    "app/__main__.py",
    GENERATOR,
)
# The Python that .venv was made with; it has no packages.
BARE = str(Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.name))
def test_a_script_asks_for_its_python_before_packages(path: Path) -> None:
    before, _, after = path.read_text().partition(CALL)
    assert after, "missing"
    for package in ("typer", "rich", "sqlalchemy", "sqlmodel", "alembic", "fastapi"):
        assert f"\nimport {package}" not in before
        assert f"\nfrom {package}" not in before


@pytest.mark.parametrize("path", WITH_PATH, ids=lambda path: str(path.name))
def test_a_script_extends_the_path_before_it_imports_from_here(path: Path) -> None:
    before, _, _ = path.read_text().partition(EXTENSION)
    for package in ("app", "scripts", "seeds", "tests"):
        assert f"\nfrom {package}." not in before


def run(root: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [BARE, *arguments]
    env = {"PATH": "/usr/bin:/bin", **env}
    return subprocess.run(
        command, cwd=root, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.skipif(not VENV.exists() or sys.executable == BARE, reason="No .venv")
def test_a_script_runs_without_an_activated_environment(tmp_path: Path) -> None:
    done = run(ROOT, GENERATOR, "--help")
    assert done.returncode == 0, done.stderr
    assert "Generate a domain" in done.stdout
    done = run(ROOT, "-m", "app", HOST="192.0.2.1", SECRET_KEY="s" * 32)
    assert done.stderr.startswith("Can't listen on 192.0.2.1, port "), done.stderr
    # A clone that was not set up.
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    for arguments in ((GENERATOR, "--help"), ("-m", "app")):
        done = run(tmp_path, *arguments)
        assert (done.returncode, done.stderr) == (1, f"{ADVICE}\n")
