"""A copy of the repository, for a script that writes into it."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
# All that git ignores, and git itself.
IGNORED = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
ignored = shutil.ignore_patterns(".git", *IGNORED)


def copy_repository(folder: Path) -> Path:
    return shutil.copytree(ROOT, folder, ignore=ignored)


def tree(root: Path) -> dict[str, bytes]:
    """Return the content of every file that git would see."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not ignored("", [*path.relative_to(root).parts])
    }
