"""Segments: the files of the spool, and who may do what with them.

A process appends to one segment, which it holds locked. A segment that nobody holds is
closed, or its process is dead: either way whoever locks it may load and delete it. The
locks are flock's: the kernel frees them, whatever the process has died of.
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
    """Make a segment and lock it, before somebody takes it for a dead process's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY
    while True:
        segment = os.open(folder / f"{uuid7().hex}{SUFFIX}", flags, 0o600)
        if holds(segment):
            return segment
        os.close(segment)


def close_segment(segment: int) -> None:
    # Closing alone would not free it while a duplicate is still being synced.
    fcntl.flock(segment, fcntl.LOCK_UN)
    os.close(segment)


def holds(segment: int) -> bool:
    """Lock a segment; False if another has it, or has had it and deleted it."""
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


def abandoned(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Yield the segments that nobody writes to, one by one, and locked meanwhile."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with suppress(FileNotFoundError), path.open("rb") as segment:
            if holds(segment.fileno()):
                yield path, segment
