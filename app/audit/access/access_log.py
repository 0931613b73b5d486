"""The access log: where a row of it goes, as its mode says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import structlog

from app.audit.access.access_row import Row
from app.audit.access.loader import Loader
from app.audit.access.spool import Spool, folder_of
from app.core.config import Settings
from app.core.db.database import Database
from app.core.enums import AccessMode

DRAIN_SECONDS = 5.0

logger = structlog.get_logger()


class AccessLog:
    """Records every request; with the mode `off`, none."""

    def __init__(self, settings: Settings) -> None:
        self.mode = settings.AUDIT_ACCESS_MODE
        self.spool = Spool(folder_of(settings))
        self.loader: Loader | None = None

    async def record(self, row: Row) -> bool:
        """Record a row before its answer goes out; False if the answer must not."""
        if self.mode is not AccessMode.BATCH and await self.insert(row):
            return True
        if self.mode is AccessMode.BLOCKING_STRICT:
            return False
        self.write(row)
        return True

    def write(self, row: Row) -> None:
        """Record a row at once, for the database to get it later."""
        self.spool.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    async def insert(self, row: Row) -> bool:
        if self.loader is None:
            return False
        repository = self.loader.repository
        try:
            await repository.insert([repository.values(row)])
        # Whatever it is: the mode knows what to do now.
        except Exception:
            logger.exception("access_not_inserted")
            return False
        return True

    @asynccontextmanager
    async def running(self, database: Database) -> AsyncIterator[None]:
        """Load what is recorded; at the end all that is left, if there is time."""
        if self.mode is AccessMode.OFF:
            yield
            return
        self.loader = Loader(self.spool, database)
        task = asyncio.create_task(self.loader.run())
        try:
            yield
        finally:
            await drain(self.loader, task)
            self.spool.rotate()

    def state(self) -> str:
        """Say for /readyz how it is. Lost is what found no room on the disk."""
        if self.mode is AccessMode.OFF:
            return "off"
        if self.spool.fault:
            return f"not recording, {self.spool.lost} lost: {self.spool.fault}"
        if self.spool.lost:
            return f"ok, {self.spool.lost} lost since the start"
        return "behind" if self.loader and self.loader.fault else "ok"


async def drain(loader: Loader, task: asyncio.Task[None]) -> None:
    loader.stopping.set()
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await task
    except TimeoutError:
        loader.tell("TimeoutError")
    if loader.fault:
        # It stays on the disk, for the next start or another process to load.
        logger.error("access_left_in_spool", folder=str(loader.spool.folder))
