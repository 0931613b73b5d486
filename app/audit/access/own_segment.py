"""A segment that this process writes; its lines survive the loss of the file."""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

from app.audit.access.segments import SUFFIX, open_segment, unlock_and_close

MAX_COPY_BYTES = 8_388_608  # 8 MiB, the lines of about 20 000 requests


class Damage(StrEnum):
    REMOVED = "removed"
    MOVED = "moved"
    TRUNCATED = "truncated"


class OwnSegment:
    """A segment, kept open until its rows are loaded.

    If the file is removed or moved, its content is still readable through the
    descriptor. A truncated one is replaced from a copy in memory, which is dropped when
    it exceeds MAX_COPY_BYTES: the database is unavailable for long.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self.descriptor = open_segment(folder)
        self.copy: list[bytes] | None = []
        self.lines = self.size = 0
        self.is_intact = True

    def append(self, line: bytes) -> None:
        written = os.write(self.descriptor, line)
        if written < len(line):
            # The disk is full. An incomplete line would corrupt the next one too.
            os.ftruncate(self.descriptor, os.fstat(self.descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.lines += 1
        self.size += written
        if self.copy is not None:
            self.copy.append(line)
            if self.size > MAX_COPY_BYTES:
                self.copy = None

    def find_damage(self) -> Damage | None:
        """Return what another process did to the file, if anything."""
        own = os.fstat(self.descriptor)
        if not own.st_nlink:
            return Damage.REMOVED
        try:
            named = self.path.stat()
        except OSError:
            return Damage.MOVED
        if not os.path.samestat(own, named):
            return Damage.MOVED
        return Damage.TRUNCATED if own.st_size < self.size else None

    def restore(self, folder: Path) -> int:
        """Write the lines to a new file; return how many have been lost.

        Raises:
            OSError: the folder is not writable. The segment stays as it is.
        """
        path, descriptor = open_segment(folder)
        try:
            with os.fdopen(descriptor, "wb", closefd=False) as file:
                self.copy_content(file)
            found = sum(1 for _ in read_descriptor(descriptor))
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        self.discard()
        lost, self.lines = self.lines - found, found
        self.path, self.descriptor = path, descriptor
        self.size = os.fstat(descriptor).st_size
        return lost

    def copy_content(self, file: BinaryIO) -> None:
        if self.copy is not None:
            file.writelines(self.copy)
        else:
            with os.fdopen(os.dup(self.descriptor), "rb") as content:
                content.seek(0)
                copyfileobj(content, file)

    def read_lines(self) -> Iterator[bytes]:
        if self.copy is None:
            return read_descriptor(self.descriptor)
        return iter(self.copy)

    def discard(self) -> None:
        """Close the file, and delete it if it still has its name."""
        if self.find_damage() in (None, Damage.TRUNCATED):
            # If the folder is not writable, the loader finds the file again.
            with suppress(OSError):
                self.path.unlink()
        os.close(self.descriptor)

    def release(self) -> None:
        """Close the file, for another process to load it."""
        unlock_and_close(self.descriptor)

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(SUFFIX)


def read_descriptor(descriptor: int) -> Iterator[bytes]:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        yield from file
