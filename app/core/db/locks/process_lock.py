"""Lock on a database that one process at a time holds, released if the process exits.

On PostgreSQL it is a lock of a transaction, not of a session, which a pooler would give
to others.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.db.sqlite.files import open_private
from app.core.db.sqlite.reading import is_file

PAUSE = 0.2  # seconds between two attempts
# The transaction is idle for as long as the lock is held. After the SELECT: it closes
# that one's portal, for whose snapshot CREATE INDEX CONCURRENTLY would wait.
NO_LIMIT = text("SET LOCAL idle_in_transaction_session_timeout = 0")


class ProcessLock(NamedTuple):
    name: str  # of the file beside a database of SQLite
    key: int  # arbitrary; the same in every process

    @asynccontextmanager
    async def held(self, engine: AsyncEngine) -> AsyncIterator[None]:
        """Hold the lock.

        Raises:
            LockedError: another process holds it.
        """
        if engine.dialect.name == "postgresql":
            async with self.in_transaction(engine):
                yield
        elif is_file(engine.url):
            with file_lock(Path(f"{engine.url.database}.{self.name}-lock")):
                yield
        else:  # in memory, for this process only
            yield

    @asynccontextmanager
    async def waited_for(
        self, engine: AsyncEngine, on_wait: Callable[[], None]
    ) -> AsyncIterator[None]:
        """Hold the lock as soon as it is free; call `on_wait` once if it is not."""
        is_waiting = False
        async with AsyncExitStack() as stack:
            while True:
                try:
                    await stack.enter_async_context(self.held(engine))
                    break
                except LockedError:
                    if not is_waiting:
                        on_wait()
                    is_waiting = True
                    await asyncio.sleep(PAUSE)
            yield

    @asynccontextmanager
    async def in_transaction(self, engine: AsyncEngine) -> AsyncIterator[None]:
        async with engine.connect() as connection:
            attempt = select(func.pg_try_advisory_xact_lock(self.key))
            if not await connection.scalar(attempt):
                raise LockedError
            await connection.execute(NO_LIMIT)
            yield


class LockedError(Exception):
    """Another process holds the lock."""


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    with open(path, "w", opener=open_private) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError from None
        yield
