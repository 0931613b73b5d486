"""Lock that admits one archive command at a time, released if its process exits."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from app.audit.archive.exceptions import LockedException
from app.core.db.database import Database
from app.core.db.locks.process_lock import LockedError, ProcessLock

ARCHIVE = ProcessLock("archive", 7_201_139)
LOCKED = "Another archive command is running on this database. Retry later."


@asynccontextmanager
async def run_lock(database: Database) -> AsyncIterator[None]:
    """Hold the archive lock of this database.

    Raises:
        LockedException: another process holds it.
    """
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(ARCHIVE.held(database.engine))
        except LockedError:
            raise LockedException(LOCKED) from None
        yield
