"""Access log: sends each row to the database or the spool, as the mode requires."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import structlog

from app.audit.access.access_row import Row
from app.audit.access.loader import Loader
from app.audit.access.spool import Spool, spool_folder
from app.core.config import Settings
from app.core.db.database import Database
from app.core.enums import AccessMode

DRAIN_SECONDS = 5.0

logger = structlog.get_logger()


class AccessLog:
    """Writer of the access log, with a background loader from spool to database."""

    def __init__(self, settings: Settings) -> None:
        self.mode = settings.AUDIT_ACCESS_MODE
        self.spool = Spool(spool_folder(settings))
        self.loader: Loader | None = None

    async def record(self, row: Row) -> bool:
        """Record a row; return False if its response must be withheld."""
        if self.mode is not AccessMode.BATCH and await self.insert(row):
            return True
        if self.mode is AccessMode.BLOCKING_STRICT:
            return False
        self.write(row)
        return True

    def write(self, row: Row) -> None:
        """Append a row to the spool, from which the loader inserts it."""
        self.spool.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    async def insert(self, row: Row) -> bool:
        if self.loader is None:
            return False
        repository = self.loader.repository
        try:
            await repository.insert([repository.driver_values(row)])
        # The mode decides how to continue after any error.
        except Exception:
            logger.exception("access_not_inserted")
            return False
        except asyncio.CancelledError:
            # Nothing more can be awaited. The loader skips a row that was inserted.
            self.write(row)
            raise
        return True

    @asynccontextmanager
    async def running(self, database: Database) -> AsyncIterator[None]:
        """Run the loader; on exit, load remaining rows for at most DRAIN_SECONDS."""
        if self.mode is AccessMode.OFF:
            yield
            return
        self.loader = Loader(self.spool, database)
        self.loader.set_aside.scan()
        task = asyncio.create_task(self.loader.run())
        try:
            yield
        finally:
            await drain(self.loader, task)
            self.spool.close()

    def state(self) -> str:
        """Return the state for /readyz, and what was lost or damaged since startup."""
        if self.mode is AccessMode.OFF:
            return "off"
        lost = self.spool.lost_lines
        damages = self.spool.damages.items()
        notes = [
            f"{lost} lost since startup" if lost else "",
            *(f"segments {damage}: {count}" for damage, count in damages),
            *(self.loader.describe() if self.loader else []),
        ]
        return ", ".join(filter(None, [self.status(), *notes]))

    def loader_lag(self) -> float:
        """Return the seconds since all of the spool was loaded."""
        return time.monotonic() - self.loader.loaded_at if self.loader else 0

    def count_set_aside(self) -> int:
        return sum(self.loader.set_aside.counts.values()) if self.loader else 0

    def status(self) -> str:
        spool = self.spool
        if spool.fault:
            return f"{'not recording' if spool.is_full else 'in memory'}: {spool.fault}"
        return "behind" if self.loader and self.loader.fault else "ok"


async def drain(loader: Loader, task: asyncio.Task[None]) -> None:
    loader.stopping.set()
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await task
    except TimeoutError:
        loader.set_fault("TimeoutError")
    if loader.fault:
        # The next start, or another process, loads these segments.
        logger.error("access_left_in_spool", folder=str(loader.spool.folder))
