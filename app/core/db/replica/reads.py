"""Statements of a session on the replica, repeated on the primary if they fail."""

from app.core.db.driver.compiled import Row, Values
from app.core.db.driver.connections import Reads, Taker
from app.core.db.driver.statements import Statement
from app.core.db.replica.replica import Replica, State
from app.core.db.session import DatabaseSession, ReadingSession


class StaleReads:
    """The replica's connection and the primary's, in the place of the latter.

    After one failure the primary executes the rest: a request never goes back in time.
    """

    def __init__(self, replica: Replica, primary: Reads) -> None:
        self.replica, self.primary = replica, primary
        self.stale = replica.connection()
        self.is_trusted, self.has_answered = replica.state() is State.OK, False

    async def rows(self, statement: Statement, values: Values) -> list[Row]:
        if self.is_trusted:
            try:
                rows = await self.stale.rows(statement, values)
            # If it is not the fault of the replica, the primary raises it again.
            except Exception as error:
                self.is_trusted = False
                self.stale.release()
                self.replica.failed(error)
            else:
                self.has_answered = True
                self.replica.reads += 1
                return rows
        return await self.primary.rows(statement, values)

    async def each_part(self, statement: Statement, take: Taker) -> None:
        """Read the primary: parts that were taken could not be repeated."""
        await self.primary.each_part(statement, take)

    def release(self) -> None:
        self.stale.release()
        self.primary.release()


def read_stale(session: DatabaseSession, replica: Replica) -> None:
    """Let the replica execute the statements that follow, as far as it can."""
    if isinstance(session, ReadingSession) and not session.has_orm_session:
        session.direct.release()  # others can have it meanwhile
        session.direct = StaleReads(replica, session.direct)


def stale_source(session: DatabaseSession) -> Replica | None:
    """Return the replica if it has answered any statement of the session."""
    reads = getattr(session, "direct", None)
    if isinstance(reads, StaleReads) and reads.has_answered:
        return reads.replica
    return None


def read_like(session: DatabaseSession, other: DatabaseSession) -> None:
    """Read the replica if it has answered the other session."""
    if replica := stale_source(other):
        read_stale(session, replica)
