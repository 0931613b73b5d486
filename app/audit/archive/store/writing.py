"""Creation and removal of files, without following links that others have planted."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import BinaryIO

from app.audit.archive.store.opening import open_parent

CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL


@contextmanager
def create_file(directory: Path, name: str) -> Iterator[BinaryIO]:
    """Write to a temporary file; give it its name after fsync.

    Raises:
        FileExistsError: a file has this name already, and was not replaced.
    """
    make_folders(directory, Path(name).parent)
    with open_parent(directory, name) as (folder, base):
        part = f"{base}.part"
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=folder)
        with os.fdopen(os.open(part, CREATE, 0o666, dir_fd=folder), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces a file.
        os.link(part, base, src_dir_fd=folder, dst_dir_fd=folder)
        os.unlink(part, dir_fd=folder)
        os.fsync(folder)


def make_folders(directory: Path, name: Path) -> None:
    """Create and sync missing folders below the archive directory.

    The archive directory is not recreated: if its disk was unmounted, files would go to
    another disk.
    """
    for each in [*reversed(name.parents), name][1:]:
        with (
            open_parent(directory, str(each)) as (folder, base),
            suppress(FileExistsError),
        ):
            os.mkdir(base, dir_fd=folder)
            os.fsync(folder)


def remove_matching(directory: Path, pattern: str) -> None:
    """Remove the files whose path matches; its folder is taken literally."""
    with (
        suppress(FileNotFoundError),
        open_parent(directory, pattern) as (folder, base),
        os.scandir(folder) as entries,
    ):
        for name in [entry.name for entry in entries if fnmatch(entry.name, base)]:
            os.unlink(name, dir_fd=folder)
