"""Copies of the repository, for scripts that write into it."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The files that git ignores.
IGNORED = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
ignored = shutil.ignore_patterns(".git", *IGNORED)


def copy_repository(folder: Path) -> Path:
    """Copy the project, with the compiled files: they save a second per process.

    Not those that another test is writing, which are then renamed.
    """
    named = set(IGNORED) - {"__pycache__"}
    besides = shutil.ignore_patterns(".git", "*.pyc.*", *named)
    return shutil.copytree(ROOT, folder, ignore=besides)


def tree(root: Path) -> dict[str, bytes]:
    """Return the content of each file that git does not ignore."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not ignored("", [*path.relative_to(root).parts])
    }
