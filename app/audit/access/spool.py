"""Spool: rows wait on disk until they are loaded, and survive a killed process."""

import asyncio
import os
from collections import Counter, deque
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy import make_url

from app.audit.access.own_segment import MAX_COPY_BYTES, Damage, OwnSegment
from app.audit.access.segments import sync_and_close
from app.core.config import Settings

logger = structlog.get_logger()


class Spool:
    """Writer of this process. Each line is one write(2), so SIGKILL can't lose it.

    While no segment can be written, lines are kept in memory. `closed` segments are
    complete, and wait for the loader.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segment: OwnSegment | None = None
        self.closed: deque[OwnSegment] = deque()
        self.unsaved: deque[bytes] = deque()
        self.dirty = self.is_full = False
        self.lost_lines = 0
        self.damages: Counter[Damage] = Counter()
        self.fault: str | None = None

    def write(self, line: bytes) -> None:
        """Append a line; keep it in memory if that fails, and count it if it can't."""
        try:
            self.append(line)
        except OSError as error:
            self.keep_in_memory(line)
            self.set_fault(error)
        else:
            self.dirty = True

    def append(self, line: bytes) -> None:
        if self.segment is None:
            self.segment = OwnSegment(self.folder)
        self.segment.append(line)

    def keep_in_memory(self, line: bytes) -> None:
        # Lines have about the same size; their exact sum is not needed.
        self.is_full = len(self.unsaved) * len(line) > MAX_COPY_BYTES
        if self.is_full:
            self.lost_lines += 1
        else:
            self.unsaved.append(line)

    def set_fault(self, error: OSError | None) -> None:
        """Set or clear the fault; log it only if it changed."""
        fault = (error.strerror or "unknown error") if error else None
        before, self.fault = self.fault, fault
        if fault != before:
            logger.error("access_spool", fault=fault, lost=self.lost_lines)

    def repair(self) -> None:
        """Restore damaged segments, and save the lines that are only in memory."""
        try:
            for segment in self.own_segments():
                self.restore(segment)
            while self.unsaved:
                self.append(self.unsaved[0])
                self.unsaved.popleft()
                self.dirty = True
        except OSError as error:
            self.set_fault(error)
        else:
            self.is_full = False
            self.set_fault(None)

    def own_segments(self) -> Iterator[OwnSegment]:
        yield from [*self.closed, *([self.segment] if self.segment else [])]

    def restore(self, segment: OwnSegment) -> None:
        damage = segment.find_damage()
        if damage and segment.is_intact:
            self.damages[damage] += 1
            logger.error("access_segment_damaged", name=segment.name, damage=damage)
        segment.is_intact = damage is None
        if damage:
            self.lost_lines += segment.restore(self.folder)
            segment.is_intact = self.dirty = True

    async def sync(self) -> None:
        """Flush written lines to the disk, so that they survive a power failure."""
        self.repair()
        if self.dirty and self.segment is not None:
            self.dirty = False
            # Sync a duplicate descriptor: the segment may be closed during the sync.
            await asyncio.to_thread(sync_and_close, os.dup(self.segment.descriptor))

    def rotate(self) -> None:
        """Close the segment, so that it can be loaded; the next line opens another."""
        if self.segment is not None:
            self.closed.append(self.segment)
            self.segment = None

    def close(self) -> None:
        """Leave what is not loaded to the next process; count what can't be saved."""
        self.repair()
        self.rotate()
        lost = len(self.unsaved)
        for segment in self.closed:
            lost += 0 if segment.is_intact else segment.lines
            segment.release()
        self.closed.clear()
        self.unsaved.clear()
        if lost:
            self.lost_lines += lost
            logger.error("access_rows_lost", lost=lost, fault=self.fault)


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
