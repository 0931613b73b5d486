"""Segments: the files of the spool, each guarded by a lock.

A process keeps the segment that it appends to locked. An unlocked segment is closed, or
its process has exited; the process that locks it then may load and delete it. The locks
use flock(2), because the kernel releases them when a process exits.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from app.core.db.ids import uuid7

SUFFIX = ".jsonl"


def open_segment(folder: Path) -> int:
    """Create and lock a segment; retry if another process locked it first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY
    while True:
        segment = os.open(folder / f"{uuid7().hex}{SUFFIX}", flags, 0o600)
        if try_lock(segment):
            return segment
        os.close(segment)


def close_segment(segment: int) -> None:
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


def lock_closed_segments(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Yield each closed segment, oldest first, locked until the next is requested."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with suppress(FileNotFoundError), path.open("rb") as segment:
            if try_lock(segment.fileno()):
                yield path, segment
