"""The time of a transaction's changes, and the INSERT of their rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from app.audit.changes.change_row import Row, RowChange, insert_rows
from app.audit.changes.change_time import (
    LogPosition,
    insert_after_previous,
    log_position,
    newest_of,
)
from app.audit.changes.guard import require_transaction
from app.core.clock import TICK


class ChangeClock:
    """The time of the changes of one transaction.

    All of them have the same time, so that `as_of` never returns a record without its
    related records. On PostgreSQL it advances if a record has a later previous version.
    """

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.number: int | None = None
        self.recorded: set[UUID] = set()

    def clear(self) -> None:
        self.at = None
        self.recorded.clear()

    def start(self, connection: Connection) -> datetime:
        require_transaction(connection)
        if self.at is None:
            self.at, self.number = log_position(connection)
        return self.at

    def insert(
        self, connection: Connection, changes: list[RowChange], rows: list[Row]
    ) -> None:
        """Insert the changes' rows, later than the previous version of each record."""
        at = self.at or self.start(connection)
        # On SQLite, `at` is later than the whole log.
        on_sqlite = connection.dialect.name == "sqlite"
        continued = [] if on_sqlite else [*filter(self.continues, changes)]
        self.recorded.update(change.id for change in changes)
        if len(continued) == len(rows) == 1 and not continued[0].model.former_entities:
            self.at = insert_after_previous(connection, rows[0], at)
            return
        if continued:
            self.at = at = max(at, newest_of(connection, continued) + TICK)
        position = LogPosition(at, self.number).values()
        insert_rows(connection, [row | position for row in rows])

    def continues(self, change: RowChange) -> bool:
        """Return whether the previous version is of another transaction."""
        return change.version > 1 and change.id not in self.recorded
