"""The Python of a command: the one of .venv, if another one lacks the packages.

Each script, and `python -m app`, calls it before it imports packages.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

VENV = Path(__file__).parents[3] / ".venv"
ADVICE = "The packages are not installed. Run ./scripts/run, which installs them."


def use_project_python() -> None:
    """Start the command again with .venv's Python if packages are missing."""
    if find_spec("sqlmodel"):
        return
    python = VENV / "bin/python"
    if not python.exists() or Path(sys.prefix) == VENV:
        sys.exit(ADVICE)
    os.execv(python, [str(python), *sys.orig_argv[1:]])  # noqa: S606
