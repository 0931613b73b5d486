"""Loader: inserts the rows of spool segments into the database, exactly once."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import structlog

from app.audit.access.line_inserter import LineInserter
from app.audit.access.own_segment import OwnSegment
from app.audit.access.repository import AccessRepository
from app.audit.access.segments import lock_segments_of_others
from app.audit.access.set_aside import SetAside
from app.audit.access.spool import Spool
from app.core.db.database import Database
from app.core.db.ids import uuid7

SYNC_SECONDS = 0.2
LOAD_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 5.0  # between attempts while the database is unavailable

logger = structlog.get_logger()


class Loader:
    """Background task that loads closed segments, oldest first.

    These include segments of processes that have exited. A segment is deleted only when
    all its rows are committed or set aside. Loading one again skips existing rows.
    """

    def __init__(self, spool: Spool, database: Database) -> None:
        self.spool, self.database = spool, database
        self.repository = AccessRepository(database)
        self.set_aside = SetAside(spool.folder)
        self.inserter = LineInserter(self.repository, self.set_aside)
        self.unreadable: set[Path] = set()
        self.loading = asyncio.Lock()
        self.fault: str | None = None
        self.pause = LOAD_SECONDS
        self.stopping = asyncio.Event()
        self.loaded_at = time.monotonic()

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
            self.spool.set_fault(error)

    async def load(self) -> None:
        """Load all rows; rotate only if the closed segments could be loaded.

        Those of others come last: an unreadable folder then delays no own row.
        """
        try:
            async with self.loading, self.database.background_turn():
                await self.load_own_segments()
                self.spool.rotate()
                await self.load_own_segments()
                await self.load_segments_of_others()
        # Any error may be temporary: the segments stay, and the next run loads them.
        except Exception as error:
            self.set_fault(type(error).__name__)
            self.pause = min(self.pause * 2, MAX_BACKOFF_SECONDS)
        else:
            self.set_fault(None)
            self.loaded_at = time.monotonic()
            self.pause = LOAD_SECONDS
        self.set_aside.scan()
        self.unreadable = {path for path in self.unreadable if path.exists()}

    def describe(self) -> list[str]:
        """Return what needs an operator, for /readyz."""
        count = len(self.unreadable)
        unreadable = [f"segments unreadable: {count}"] if count else []
        return [*self.set_aside.describe(), *unreadable]

    def set_fault(self, fault: str | None) -> None:
        """Set or clear the fault; log it only if it changed."""
        before, self.fault = self.fault, fault
        if fault != before:
            logger.warning("access_loader", fault=fault)

    async def load_own_segments(self) -> None:
        while self.spool.closed:
            await self.load_own_segment(self.spool.closed.popleft())
        await self.load_unsaved()

    async def load_segments_of_others(self) -> None:
        for path, segment in lock_segments_of_others(
            self.spool.folder, self.unreadable
        ):
            await self.inserter.load_lines(path.stem, segment)
            # If the folder is not writable, loading it again changes nothing.
            with suppress(OSError):
                path.unlink()

    async def load_own_segment(self, segment: OwnSegment) -> None:
        try:
            await self.inserter.load_lines(segment.name, segment.read_lines())
        except BaseException:
            self.spool.closed.appendleft(segment)
            raise
        segment.discard()

    async def load_unsaved(self) -> None:
        """Load the lines that could not be written to a segment."""
        lines, self.spool.unsaved = self.spool.unsaved, deque()
        try:
            await self.inserter.load_lines(uuid7().hex, lines)
        except BaseException:
            self.spool.unsaved.extendleft(reversed(lines))
            raise
