"""Times of changes: later than those of earlier versions, though a clock steps back."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select, text
from sqlmodel import col

from app.audit.changes.change_row import RowChange
from app.audit.models import AuditChange
from app.core.clock import TICK, now
from app.core.models import recorded_names

NEWEST = select(func.max(col(AuditChange.at)))
# One index look-up per record, where max(at) would read all of its versions.
NEWEST_OF = text("""
SELECT max(last.at)
FROM unnest(CAST(:entities AS text[]), CAST(:ids AS uuid[])) AS record (entity, id)
CROSS JOIN LATERAL (
    SELECT at FROM audit_change
    WHERE entity = record.entity AND entity_id = record.id
    ORDER BY version DESC LIMIT 1
) AS last
""")


class ChangeClock:
    """The time of the changes of one transaction.

    All of them have the same time, so that `as_of` never returns a record without its
    related records. On PostgreSQL it advances if a record has a later previous version.
    """

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.recorded: set[UUID] = set()

    def clear(self) -> None:
        self.at = None
        self.recorded.clear()

    def start(self, connection: Connection) -> datetime:
        if self.at is None:
            self.at = log_time(connection)
        return self.at

    def advance(self, connection: Connection, changes: list[RowChange]) -> datetime:
        """Return a time later than the previous version of each changed record."""
        at = self.start(connection)
        if connection.dialect.name == "sqlite":
            return at  # which is later than the whole log
        continued = [change for change in changes if self.continues(change)]
        self.recorded.update(change.id for change in changes)
        previous = newest_of(connection, continued) if continued else None
        self.at = at if previous is None else max(at, previous + TICK)
        return self.at

    def continues(self, change: RowChange) -> bool:
        """Return whether the previous version is of another transaction."""
        return change.version > 1 and change.id not in self.recorded


def log_time(connection: Connection) -> datetime:
    """Return the current time; on SQLite, a later one if the log has that already.

    On SQLite the transaction has begun, so it holds the write lock.
    """
    if connection.dialect.name != "sqlite":
        return now()
    newest: datetime | None = connection.scalar(NEWEST)
    current = now()
    return current if newest is None else max(current, newest + TICK)


def newest_of(connection: Connection, changes: Iterable[RowChange]) -> datetime | None:
    """Return the latest time in the log of these records' last versions."""
    pairs = [(name, it.id) for it in changes for name in recorded_names(it.model)]
    entities, ids = zip(*pairs, strict=True)
    parameters = {"entities": list(entities), "ids": list(ids)}
    newest: datetime | None = connection.scalar(NEWEST_OF, parameters)
    return newest
