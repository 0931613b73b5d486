"""Lock that admits one archive command at a time, released if its process exits."""

import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import func, select

from app.audit.archive.exceptions import LockedException
from app.core.db.database import Database
from app.core.db.sqlite.files import open_private

ADVISORY_LOCK = 7_201_139  # arbitrary; the same in every process
LOCKED = "Another archive command is running on this database. Retry later."


@asynccontextmanager
async def run_lock(database: Database) -> AsyncIterator[None]:
    """Hold the archive lock of this database.

    Raises:
        LockedException: another process holds it.
    """
    name = database.engine.url.database or ""
    if database.engine.dialect.name == "postgresql":
        async with postgresql_lock(database):
            yield
    else:
        with file_lock(Path(f"{name}.archive-lock")):
            yield


@asynccontextmanager
async def postgresql_lock(database: Database) -> AsyncIterator[None]:
    # Use a dedicated connection: an advisory lock ends with its session.
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(
            select(func.pg_try_advisory_lock(ADVISORY_LOCK))
        ):
            raise LockedException(LOCKED)
        try:
            yield
        finally:
            await connection.execute(select(func.pg_advisory_unlock(ADVISORY_LOCK)))


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    with open(path, "w", opener=open_private) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedException(LOCKED) from None
        yield
