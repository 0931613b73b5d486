"""One run at a time: a lock that dies with its process."""

import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import func, select

from app.audit.archive.exceptions import LockedException
from app.core.db.database import Database

ARCHIVING = 7_201_139  # any number, the same for all who archive this database
REFUSAL = "Another run is under way. Wait for it, or look at `status`."


@asynccontextmanager
async def only_run(database: Database) -> AsyncIterator[None]:
    """Be the only run on this database for as long as this block takes."""
    name = database.engine.url.database or ""
    if database.engine.dialect.name == "postgresql":
        async with locked_session(database):
            yield
    else:
        with locked_file(Path(f"{name}.archive-lock")):
            yield


@asynccontextmanager
async def locked_session(database: Database) -> AsyncIterator[None]:
    # A connection of its own: the lock is the connection's, and goes when it goes.
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(select(func.pg_try_advisory_lock(ARCHIVING))):
            raise LockedException(REFUSAL)
        try:
            yield
        finally:
            await connection.execute(select(func.pg_advisory_unlock(ARCHIVING)))


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedException(REFUSAL) from None
        yield
