"""Segments: the files of the spool, each guarded by a lock.

A process keeps a segment locked until its rows are loaded. An unlocked segment is left
by a process that has exited; the process that locks it then may load and delete it. The
locks use flock(2), because the kernel releases them when a process exits.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

import structlog

from app.core.db.ids import uuid7

SUFFIX = ".jsonl"

logger = structlog.get_logger()


def open_segment(folder: Path) -> tuple[Path, int]:
    """Create and lock a segment; retry if another process locked it first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_RDWR
    while True:
        path = folder / f"{uuid7().hex}{SUFFIX}"
        segment = os.open(path, flags, 0o600)
        if try_lock(segment):
            return path, segment
        os.close(segment)


def list_folder(folder: Path) -> list[Path]:
    """Return what is in a spool, oldest segment first; nothing if there is none yet.

    Raises:
        OSError: it can't be read, which Path.glob() takes for an empty one.
    """
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def list_segments(folder: Path) -> list[Path]:
    return [path for path in list_folder(folder) if path.suffix == SUFFIX]


def unlock_and_close(segment: int) -> None:
    # Closing alone keeps the lock while a duplicate descriptor is being synced.
    fcntl.flock(segment, fcntl.LOCK_UN)
    os.close(segment)


def try_lock(segment: int) -> bool:
    """Lock a segment; return False if it is locked or deleted by another process."""
    try:
        fcntl.flock(segment, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(segment).st_nlink > 0


def sync_and_close(segment: int) -> None:
    try:
        os.fdatasync(segment)
    finally:
        os.close(segment)


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, without following a link or waiting for a FIFO.

    Raises:
        OSError: it is no regular file, or not readable.
    """
    file = open(path, "rb", opener=open_at_once)  # noqa: SIM115, for the caller
    if S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "no regular file", str(path))


def open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def lock_segments_of_others(
    folder: Path, unreadable: set[Path]
) -> Iterator[tuple[Path, BinaryIO]]:
    """Yield each unlocked segment, oldest first, locked until the next is requested.

    Segments that cannot be opened are added to `unreadable`.
    """
    for path in list_segments(folder):
        try:
            segment = open_regular(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            if path not in unreadable:
                logger.error("access_segment_unreadable", error=str(error))
            unreadable.add(path)
            continue
        with segment:
            if try_lock(segment.fileno()):
                yield path, segment
