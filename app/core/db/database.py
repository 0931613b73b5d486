"""Database engine and sessions. Only its sessions commit; services never do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from sqlalchemy import delete, event, false, table
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from app.core.config import Settings
from app.core.db.driver.connections import DriverConnection
from app.core.db.driver.factory import connections_to, is_unnamed
from app.core.db.driver.limits import Limits
from app.core.db.driver.read_only import reject_write
from app.core.db.driver.transaction import Transaction
from app.core.db.engine import make_engine
from app.core.db.locks.batch_turns import BatchTurns
from app.core.db.outages.write_state import WriteState
from app.core.db.personal.key_urls import key_url
from app.core.db.records.orm_session import OrmSession
from app.core.db.records.session import WritingSession
from app.core.db.replica.replica import Replica
from app.core.db.session import DatabaseSession, ReadingSession
from app.core.db.sqlite.reading import reading_engine
from app.core.db.sqlite.turns import background_turn

# It deletes no row, but fails where a write would.
ATTEMPT = delete(table("alembic_version")).where(false())


class Database:
    """An engine with read-only and read-write sessions.

    A read-only session runs in autocommit, which saves BEGIN and ROLLBACK: each
    statement sees the latest committed rows.
    """

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        self.url = settings.DATABASE_URL
        self.writes = WriteState()
        self.after_commit: Callable[[], None] = do_nothing
        self.on_close: list[Callable[[], Awaitable[None]]] = []
        self.turns = BatchTurns()
        self.engine = make_engine(settings, limits)
        # On SQLite, readers do not wait for the one connection that writes.
        self.read_engine = reading_engine(self.engine)
        reading = "READ COMMITTED" if is_unnamed(settings) else "AUTOCOMMIT"
        reader, snapshot = (
            self.read_engine.execution_options(isolation_level=level)
            for level in (reading, "REPEATABLE READ")
        )
        for engine in (reader, snapshot):
            event.listen(engine.sync_engine, "before_execute", reject_write)
        direct = connections_to(self.read_engine.sync_engine, settings)
        self.readers = make_readers(reader, direct)
        self.snapshots = make_sessionmaker(snapshot)
        self.writers = make_writers(self.engine)
        has_replica = bool(settings.DATABASE_REPLICA_URL)
        self.replica = Replica(settings, limits) if has_replica else None

    def reading(self) -> ReadingSession:
        """Return a read-only session, for `async with`.

        Raises:
            ReadOnlyError: a statement writes, or objects are left to flush at the end.
        """
        return self.readers()

    def snapshot(self) -> DatabaseSession:
        """Return a read-only session whose statements all see one snapshot.

        Only for programs: on PostgreSQL it keeps dead rows from being removed.
        """
        return self.snapshots()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[DatabaseSession]:
        """Open a session in one transaction. Commit at exit, roll back on an error."""
        # Not `async with`, which closes the session in a separate task: other requests
        # would run while this one still holds the connection. Closing it in this task
        # cuts the p99 latency on SQLite from 1000 ms to 30 ms.
        session = self.writers()
        try:
            yield session
            if session.before_commit and session.in_transaction():
                await session.before_commit()
            await session.commit()
            self.writes.succeeded()
            for call in (self.after_commit, *session.on_commit):
                call()
        except BaseException as error:
            self.writes.failed(error)
            await session.rollback()
            raise
        finally:
            await session.close()

    async def attempt_to_write(self) -> None:
        """Raise the error that any write would meet; otherwise do nothing."""
        session = self.writers()
        try:
            await session.execute(ATTEMPT)
        finally:
            await session.close()

    async def check_replica(self) -> None:
        if self.replica:
            await self.replica.check(self.reading)

    def background_turn(self) -> AbstractAsyncContextManager[None]:
        """Return the turn that background work of this process takes."""
        return background_turn(self.engine.url)

    async def close(self) -> None:
        for close in self.on_close:
            await close()
        await self.engine.dispose()
        await self.read_engine.dispose()
        if self.replica:
            await self.replica.engine.dispose()


def do_nothing() -> None:
    """Stand in for a hook that nothing has set."""


def make_sessionmaker(engine: AsyncEngine) -> async_sessionmaker[DatabaseSession]:
    return async_sessionmaker(engine, class_=DatabaseSession, expire_on_commit=False)


def make_readers(
    engine: AsyncEngine, direct: Callable[[], DriverConnection]
) -> async_sessionmaker[ReadingSession]:
    return async_sessionmaker(
        engine, class_=ReadingSession, expire_on_commit=False, direct=direct
    )


def make_writers(engine: AsyncEngine) -> async_sessionmaker[WritingSession]:
    has_keys = bool(key_url(engine.url))
    return async_sessionmaker(
        engine,
        class_=WritingSession,
        sync_session_class=OrmSession,
        expire_on_commit=False,
        join_transaction_mode="control_fully",
        transaction=partial(Transaction, engine.sync_engine, has_keys),
    )
