"""The loader: brings what is in the spool into the database, once and completely."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy.exc import DBAPIError

from app.audit.access.repository import AccessRepository
from app.audit.access.segments import abandoned
from app.audit.access.spool import Spool
from app.core.db.database import Database
from app.core.db.database_errors import is_permanent

MOST_ROWS = 250  # in one transaction: on SQLite, all requests wait for it
SYNC_SECONDS = 0.2
LOAD_SECONDS = 1.0
MOST_SECONDS = 5.0  # between attempts, while the database is away

logger = structlog.get_logger()


class Loader:
    """Loads closed segments, this process's and dead ones', oldest first.

    A segment goes only when all of it is committed. Whatever was loaded before, by
    somebody who died before he could delete it, is in the database already and skipped.
    """

    def __init__(self, spool: Spool, database: Database) -> None:
        self.spool, self.repository = spool, AccessRepository(database)
        self.fault: str | None = None
        self.pause = LOAD_SECONDS
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Sync and load for as long as the application runs, and once more after it."""
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
            self.spool.tell(error.strerror or "unknown error")

    async def load(self) -> None:
        """Load all there is. While that fails, the open segment simply grows."""
        try:
            await self.load_abandoned()
            self.spool.rotate()
            await self.load_abandoned()
        # Whatever it is, it must not end the loader: nothing is lost, it tries again.
        except Exception as error:
            self.tell(type(error).__name__)
            self.pause = min(self.pause * 2, MOST_SECONDS)
        else:
            self.tell(None)
            self.pause = LOAD_SECONDS

    def tell(self, fault: str | None) -> None:
        """Log a fault once, when it begins, and its end."""
        before, self.fault = self.fault, fault
        if fault != before:
            logger.warning("access_loader", fault=fault)

    async def load_abandoned(self) -> None:
        for path, segment in abandoned(self.spool.folder):
            await self.load_segment(path, segment)

    async def load_segment(self, path: Path, segment: BinaryIO) -> None:
        try:
            rows = self.repository.read(segment)
            while batch := list(islice(rows, MOST_ROWS)):
                await self.repository.insert(batch)
                # Let the requests that have come meanwhile go first.
                await asyncio.sleep(0)
        except DBAPIError as error:
            if not is_permanent(error):
                raise
            # A person must look at this one, and the others go on.
            path.rename(path.with_suffix(".refused"))
            logger.exception("access_segment_refused", segment=path.name)
        else:
            path.unlink()
