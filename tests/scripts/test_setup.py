"""The set-up of a fresh clone, with programs that stand for Python and pip."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.databases import ROOT

ACTIVATE = 'PATH="$PWD/.venv/bin:$PATH"\n'
# It makes an environment whose `python` is this script.
PYTHON = """#!/bin/sh
case "$*" in
  *version_info*) exit 0 ;;
  --version) echo Python 3.13.9 ;;
  "-m venv .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python
    cp activate .venv/bin/activate ;;
  "-m pip install "*) printf 'Collecting %s\\n' a b; echo Installing them; exit $PIP ;;
  -) cat > /dev/null ;;
esac
"""


def set_up(folder: Path, pip_status: int) -> subprocess.CompletedProcess[str]:
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/setup.sh", folder / "scripts")
    (folder / "requirements.txt").write_text("a==1\nb==2\n")
    (folder / "activate").write_text(ACTIVATE)
    (folder / "bin").mkdir()
    python = folder / "bin/python3.13"
    python.write_text(PYTHON)
    python.chmod(0o755)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", ". scripts/setup.sh; echo ready"],
        cwd=folder,
        env={"PATH": f"{folder}/bin:/usr/bin:/bin", "PIP": str(pip_status)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_names_the_python_and_shows_the_progress(tmp_path: Path) -> None:
    done = set_up(tmp_path, 0)
    assert done.returncode == 0, done.stderr
    assert f"with Python 3.13.9 ({tmp_path}/bin/python3.13)" in done.stdout
    assert "downloaded: 2 of 2\n    installing them\n" in done.stdout
    assert done.stdout.endswith("ready\n")


def test_it_stops_if_pip_fails(tmp_path: Path) -> None:
    done = set_up(tmp_path, 1)
    assert done.returncode == 1
    assert "pip could not install requirements.txt" in done.stderr
    assert "ready" not in done.stdout


@pytest.mark.parametrize("name", ["setup.sh", "run", "test"])
def test_the_scripts_are_valid(name: str) -> None:
    subprocess.run(["bash", "-n", ROOT / "scripts" / name], check=True)
