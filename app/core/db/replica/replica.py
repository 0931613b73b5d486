"""The replica of the database: its connections, and whether it may be read."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from enum import StrEnum

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.config import Settings
from app.core.db.driver.factory import connections_to
from app.core.db.driver.limits import Limits
from app.core.db.engine import make_engine
from app.core.db.outages.states import Outage, outage_of
from app.core.db.replica.lag import Lag
from app.core.db.replica.position import Server, read_server
from app.core.db.session import DatabaseSession, ReadingSession
from app.core.startup.database_faults import describe_fault

PATIENCE = 2.0  # seconds, with each of the servers
Reading = Callable[[], AbstractAsyncContextManager[DatabaseSession]]

logger = structlog.get_logger()


class State(StrEnum):
    """Shown in /readyz. Only a replica that is `ok` is read."""

    OK = "ok"
    UNKNOWN = "not compared with the primary yet"
    AWAY = "does not answer"
    OTHER = "is no replica of this database"
    BEHIND = "is too far behind the primary"


class Replica:
    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        url = {"DATABASE_URL": settings.DATABASE_REPLICA_URL}
        own = settings.model_copy(update=url)
        self.url = own.DATABASE_URL
        self.engine = make_engine(own, limits)
        self.connection = connections_to(self.engine.sync_engine, own)
        self.max_lag = settings.DATABASE_REPLICA_MAX_LAG
        self.lag, self.reads = Lag(), 0
        self.found = self.logged = State.UNKNOWN

    def state(self) -> State:
        is_behind = self.seconds_behind() > self.max_lag
        return State.BEHIND if is_behind and self.found is State.OK else self.found

    def seconds_behind(self) -> float:
        return self.lag.at(time.monotonic())

    async def check(self, reading: Reading) -> None:
        """Compare the replica with the primary, which `reading` opens a session of."""
        at = time.monotonic()
        # Health reports an outage of the primary.
        with suppress(SQLAlchemyError, OSError):
            async with asyncio.timeout(PATIENCE), reading() as session:
                primary = await read_server(session)
            await self.compare(at, primary)
        if (state := self.state()) is not self.logged:
            self.logged = state
            logger.warning("replica_state", state=state.value)

    async def compare(self, at: float, primary: Server) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                replica = await self.read_server()
        except (SQLAlchemyError, OSError):
            self.suspend(State.AWAY)
            return
        if not replica.follows(primary):
            self.suspend(State.OTHER)
            return
        self.found = State.OK
        self.lag.note(at, primary, replica)

    async def read_server(self) -> Server:
        session = ReadingSession(direct=self.connection, bind=self.engine)
        try:
            return await read_server(session)
        finally:
            await session.close()

    def failed(self, error: Exception) -> None:
        """Note an error of a statement: without an answer, others need not try."""
        logger.warning("replica_read_failed", reason=describe_fault(error, self.url))
        if outage_of(error) is Outage.AWAY:
            self.suspend(State.AWAY)

    def suspend(self, state: State) -> None:
        """Read the primary only, until the next check."""
        self.found = state
        self.lag.forget()
