"""Session of the ORM that can continue a transaction that records have begun."""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction

from app.core.db.records.listener import FlushListener


class OrmSession(Session):
    """Session whose transaction may be that of a connection, until it ends."""

    joined: Connection | None = None

    def join(self, connection: Connection | None, listener: FlushListener) -> None:
        """Continue its transaction, and end it as one of this session."""
        self.joined = connection
        if connection is not None:
            self.connection()

    def savepoint(self) -> SessionTransaction:
        """Flush, and set a savepoint: release it at exit, roll back on an error."""
        return self.begin_nested()

    def get_bind(self, *arguments: Any, **options: Any) -> Any:
        if self.joined is not None:
            return self.joined
        return super().get_bind(*arguments, **options)


def release_joined(session: OrmSession, transaction: SessionTransaction) -> None:
    """Return the connection at the end of its transaction, as a session returns its."""
    if transaction.parent is None and session.joined is not None:
        connection, session.joined = session.joined, None
        connection.close()


event.listen(OrmSession, "after_transaction_end", release_joined)
