"""Loader: inserts the rows of spool segments into the database, exactly once."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy.exc import DBAPIError

from app.audit.access.repository import AccessRepository
from app.audit.access.segments import lock_closed_segments
from app.audit.access.spool import Spool
from app.core.db.database import Database
from app.core.db.database_errors import is_permanent

BATCH_ROWS = 250  # per transaction, which blocks other writers on SQLite
SYNC_SECONDS = 0.2
LOAD_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 5.0  # between attempts while the database is unavailable

logger = structlog.get_logger()


class Loader:
    """Background task that loads closed segments, oldest first.

    These include segments of processes that have exited. A segment is deleted only when
    all its rows are committed. Loading one again after a crash skips existing rows.
    """

    def __init__(self, spool: Spool, database: Database) -> None:
        self.spool, self.repository = spool, AccessRepository(database)
        self.fault: str | None = None
        self.pause = LOAD_SECONDS
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Sync and load periodically until stopped, then load once more."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.repeat(self.sync, lambda: SYNC_SECONDS))
            group.create_task(self.repeat(self.load, lambda: self.pause))
        await self.load()

    async def repeat(
        self, work: Callable[[], Awaitable[None]], pause: Callable[[], float]
    ) -> None:
        while not self.stopping.is_set():
            await work()
            try:
                async with asyncio.timeout(pause()):
                    await self.stopping.wait()
            except TimeoutError:
                continue

    async def sync(self) -> None:
        try:
            await self.spool.sync()
        except OSError as error:
            self.spool.set_fault(error.strerror or "unknown error")

    async def load(self) -> None:
        """Load all rows; rotate only if the closed segments could be loaded."""
        try:
            await self.load_closed_segments()
            self.spool.rotate()
            await self.load_closed_segments()
        # Any error may be temporary: the segments stay, and the next run loads them.
        except Exception as error:
            self.set_fault(type(error).__name__)
            self.pause = min(self.pause * 2, MAX_BACKOFF_SECONDS)
        else:
            self.set_fault(None)
            self.pause = LOAD_SECONDS

    def set_fault(self, fault: str | None) -> None:
        """Set or clear the fault; log it only if it changed."""
        before, self.fault = self.fault, fault
        if fault != before:
            logger.warning("access_loader", fault=fault)

    async def load_closed_segments(self) -> None:
        for path, segment in lock_closed_segments(self.spool.folder):
            await self.load_segment(path, segment)

    async def load_segment(self, path: Path, segment: BinaryIO) -> None:
        try:
            rows = self.repository.read_rows(segment)
            while batch := list(islice(rows, BATCH_ROWS)):
                await self.repository.insert(batch)
                # Give waiting requests their turn between the batches.
                await asyncio.sleep(0)
        except DBAPIError as error:
            if not is_permanent(error):
                raise
            # Retrying can't succeed: keep the file for an operator, load the others.
            path.rename(path.with_suffix(".refused"))
            logger.exception("access_segment_refused", segment=path.name)
        else:
            path.unlink()
