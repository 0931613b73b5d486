"""Files and folders of the archive, opened without following links or waiting.

Who can write to the folder can put a link, a FIFO or a device in the place of a file,
or a link in that of a folder. Only the archive directory itself may be a link: it is
the operator's.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from stat import S_ISDIR, S_ISREG
from typing import BinaryIO

from app.audit.archive.exceptions import VerificationException

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
NO_FOLDER, NO_FILE = "is no folder, or a link", "is no regular file"
REFUSED = (errno.ELOOP, errno.ENOTDIR, errno.ENXIO)  # a link, no folder, a socket


@contextmanager
def open_folder(directory: Path, name: str) -> Iterator[int]:
    """Open a folder below `directory`, one name of its path after the other.

    Raises:
        VerificationException: the path leaves `directory`, or leads over a link.
        OSError: it is missing or unreadable.
    """
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in PurePosixPath(name).parts:
            if part in ("..", "/"):
                raise VerificationException(f"{name} leaves the archive directory.")
            inner = open_entry(part, FOLDER, folder, f"{part} of {name} {NO_FOLDER}.")
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


@contextmanager
def open_parent(directory: Path, name: str) -> Iterator[tuple[int, str]]:
    """Open the folder of a file; yield it with the file's name in it."""
    path = PurePosixPath(name)
    with open_folder(directory, str(path.parent)) as folder:
        yield folder, path.name


@contextmanager
def open_file(directory: Path, name: str) -> Iterator[BinaryIO]:
    """Open a regular file for reading.

    Raises:
        VerificationException: something else is in its place.
        OSError: it is missing or unreadable.
    """
    error = f"{name} {NO_FILE}."
    with open_parent(directory, name) as (folder, base):
        descriptor = open_entry(base, READ, folder, error)
    try:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            raise VerificationException(error)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def open_entry(name: str, flags: int, folder: int, error: str) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except OSError as failure:
        if failure.errno in REFUSED:
            raise VerificationException(error) from None
        raise


def is_irregular(path: Path) -> bool:
    """Return whether something is there that is neither a file nor a folder."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    return not (S_ISREG(mode) or S_ISDIR(mode))


def list_tree(folder: Path) -> Iterator[Path]:
    """Yield what is below a folder, which may be missing, without following links.

    Raises:
        OSError: a folder is unreadable, which Path.rglob() takes for an empty one.
    """
    for path, folders, files in os.walk(folder, onerror=raise_unless_missing):
        yield from (Path(path, name) for name in [*folders, *files])


def raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
