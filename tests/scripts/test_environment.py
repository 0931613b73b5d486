"""Scripts as they are typed: without an activated environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.environment import ADVICE, VENV
from tests.databases import ROOT

CALL = "\nuse_project_python()\n"
# Called by other scripts, or with the standard library only.
OTHERS = {"commands.py", "environment.py", "__init__.py", "start.py", "verify_log.py"}
OTHERS |= {"accounts.py", "data.py", "export_screenshot.py"}
SCRIPTS = sorted(
    path
    for folder in ("scripts", "seeds")
    for path in (ROOT / folder).glob("*.py")
    if path.name not in OTHERS and not path.name.startswith(("bench_", "benchmark_"))
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


def run(python: str, root: Path) -> subprocess.CompletedProcess[str]:
    command = [python, str(root / "scripts/new_module.py"), "--help"]
    env = {"PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.skipif(not VENV.exists() or sys.executable == BARE, reason="No .venv")
def test_a_script_runs_without_an_activated_environment(tmp_path: Path) -> None:
    done = run(BARE, ROOT)
    assert done.returncode == 0, done.stderr
    assert "Generate a domain" in done.stdout
    # A clone that was not set up.
    for name in ("new_module.py", "environment.py", "__init__.py"):
        path = tmp_path / "scripts" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text((ROOT / "scripts" / name).read_text())
    done = run(BARE, tmp_path)
    assert (done.returncode, done.stderr) == (1, f"{ADVICE}\n")
