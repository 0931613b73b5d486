"""The time of a transaction's changes, and the INSERT of their rows."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from app.audit.changes.change_row import Row, RowChange, insert_rows
from app.audit.changes.change_time import (
    LogPosition,
    earliest_of,
    insert_after_previous,
    log_position,
    time_limit,
)
from app.audit.changes.guard import require_transaction
from app.core.clock import EPOCH, TICK


class ChangeClock:
    """The time of the changes of one transaction.

    All of them have the same time, so that `as_of` never returns a record without its
    related records. On PostgreSQL it advances if a record has a later previous version.
    """

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.number: int | None = None

    def clear(self) -> None:
        self.at = None

    def start(self, connection: Connection, old: Iterable[datetime] = ()) -> datetime:
        """Return the time for rows that were last changed at those times.

        On PostgreSQL, `insert` finds only later that a version before has this time.
        """
        require_transaction(connection)
        if self.at is None:
            self.at, self.number = log_position(connection)
        latest = max(old, default=EPOCH)
        return latest + TICK if self.at <= latest < time_limit() else self.at

    def insert(
        self, connection: Connection, changes: list[RowChange], rows: list[Row]
    ) -> None:
        """Insert the rows, later than the versions that other transactions wrote."""
        at = self.at or self.start(connection)
        # On SQLite, `at` is later than the whole log.
        on_sqlite = connection.dialect.name == "sqlite"
        continued = [each for each in changes if each.version > 1 and not on_sqlite]
        if len(continued) == len(rows) == 1 and not continued[0].model.former_entities:
            self.at = insert_after_previous(connection, rows[0], at)
            return
        if continued:
            self.at = at = max(at, earliest_of(connection, continued))
        position = LogPosition(at, self.number).values()
        insert_rows(connection, [row | position for row in rows])
