"""The spool: what is recorded is on disk first, in files that outlive the process.

A process appends to one segment, which it holds locked. A segment that nobody holds is
closed, or its process is dead: either way whoever locks it may load and delete it. The
locks are flock's, so the kernel frees them, whatever the process died of.
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import structlog

from app.core.ids import uuid7

SUFFIX = ".jsonl"

logger = structlog.get_logger()


class Spool:
    """One process's end of it. A line is one write(): a kill -9 cannot undo it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segment: int | None = None
        self.dirty = False
        self.lost = 0
        self.fault: str | None = None

    def write(self, line: bytes) -> None:
        """Append a line. What the full disk refuses is counted; nothing is raised."""
        try:
            self.append(line)
        except OSError as error:
            self.lost += 1
            self.tell(error.strerror or "unknown error")
        else:
            self.dirty = True
            if self.fault:
                self.tell(None)

    def append(self, line: bytes) -> None:
        if self.segment is None:
            self.segment = open_segment(self.folder)
        written = os.write(self.segment, line)
        if written < len(line):
            # The disk became full halfway: half a line would spoil the next one too.
            os.ftruncate(self.segment, os.fstat(self.segment).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def tell(self, fault: str | None) -> None:
        """Log a fault once, when it begins, and its end."""
        before, self.fault = self.fault, fault
        if fault != before:
            # The log may be on the disk that is full.
            with suppress(OSError):
                logger.error("access_spool", fault=fault, lost=self.lost)

    async def sync(self) -> None:
        """Have the disk keep what was written, whatever becomes of the machine."""
        if self.dirty and self.segment is not None:
            self.dirty = False
            # A duplicate, because the segment may be closed before the disk is done.
            await asyncio.to_thread(sync_and_close, os.dup(self.segment))

    def rotate(self) -> None:
        """Close the segment, for anybody to load; the next line opens another."""
        if self.segment is not None:
            os.close(self.segment)
            self.segment = None


def open_segment(folder: Path) -> int:
    """Make a segment and lock it, before somebody takes it for a dead process's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY
    while True:
        segment = os.open(folder / f"{uuid7().hex}{SUFFIX}", flags, 0o600)
        if holds(segment):
            return segment
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
