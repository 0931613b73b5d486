"""Spool: rows wait on disk until they are loaded, and survive a killed process."""

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
    """Writer of this process. Each line is one write(2), so SIGKILL can't lose it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segment: int | None = None
        self.dirty = False
        self.lost_lines = 0
        self.fault: str | None = None

    def write(self, line: bytes) -> None:
        """Append a line; count it as lost if that fails, for example on a full disk."""
        try:
            self.append(line)
        except OSError as error:
            self.lost_lines += 1
            self.set_fault(error.strerror or "unknown error")
        else:
            self.dirty = True
            if self.fault:
                self.set_fault(None)

    def append(self, line: bytes) -> None:
        if self.segment is None:
            self.segment = open_segment(self.folder)
        written = os.write(self.segment, line)
        if written < len(line):
            # The disk is full. An incomplete line would corrupt the next one too.
            os.ftruncate(self.segment, os.fstat(self.segment).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def set_fault(self, fault: str | None) -> None:
        """Set or clear the fault; log it only if it changed."""
        before, self.fault = self.fault, fault
        if fault != before:
            # The application log may be on the same full disk.
            with suppress(OSError):
                logger.error("access_spool", fault=fault, lost=self.lost_lines)

    async def sync(self) -> None:
        """Flush written lines to the disk, so that they survive a power failure."""
        if self.dirty and self.segment is not None:
            self.dirty = False
            # Sync a duplicate descriptor: the segment may be closed during the sync.
            await asyncio.to_thread(sync_and_close, os.dup(self.segment))

    def rotate(self) -> None:
        """Close the segment, so that it can be loaded; the next line opens another."""
        if self.segment is not None:
            close_segment(self.segment)
            self.segment = None


def spool_folder(settings: Settings) -> Path:
    """Return the spool folder of the configured database.

    Each database has its own, so that its rows are not loaded into another one. The
    name is a hash of the database's address without credentials, which may change.
    """
    url = make_url(settings.DATABASE_URL)
    parts: list[object] = [url.host or url.query.get("host"), url.port, url.database]
    if url.get_backend_name() == "sqlite":
        parts = [Path(url.database or "").resolve()]
    digest = sha256(repr(parts).encode()).hexdigest()
    return settings.AUDIT_SPOOL_DIR / f"{url.get_backend_name()}-{digest[:16]}"
