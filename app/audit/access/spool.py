"""The spool: what is recorded is on disk first, in files that outlive the process."""

import asyncio
import errno
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy import make_url

from app.audit.access.segments import close_segment, open_segment, sync_and_close
from app.core.config import Settings

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
            close_segment(self.segment)
            self.segment = None


def folder_of(settings: Settings) -> Path:
    """Return a folder for this database alone: no other may get what is in it.

    A new password makes no new folder, and nobody learns the old one from its name.
    """
    url = make_url(settings.DATABASE_URL)
    parts: list[object] = [url.host or url.query.get("host"), url.port, url.database]
    if url.get_backend_name() == "sqlite":
        parts = [Path(url.database or "").resolve()]
    digest = sha256(repr(parts).encode()).hexdigest()
    return settings.AUDIT_SPOOL_DIR / f"{url.get_backend_name()}-{digest[:16]}"
