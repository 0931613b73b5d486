"""Times of changes: later than those of earlier versions, though a clock steps back."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
)

from app.audit.changes.change_row import COLUMNS, TABLE, Row, RowChange
from app.audit.changes.tables import LOGGED
from app.audit.models import AuditChange
from app.audit.numbering import NextChangeNumber
from app.audit.personal.users import hide_actor
from app.core.clock import EPOCH, TICK, now
from app.core.db.column_types import UtcDateTime
from app.core.db.driver.execution import fetch
from app.core.db.driver.statements import Prepared, PreparedStatement
from app.core.db.personal.key_urls import key_url
from app.core.db.records.statements import new_values, parameters
from app.core.db.sqlite.spelling import IsTime
from app.core.models import recorded_names

CHANGE: Any = AuditChange
CENTURY = timedelta(days=36_525)


def time_limit() -> datetime:
    """Return a time that no clock has given: later ones would have to follow it."""
    return now() + CENTURY


LIMIT = bindparam("limit", callable_=time_limit, type_=UtcDateTime, unique=True)
IS_USABLE = and_(IsTime(CHANGE.at), CHANGE.at < LIMIT)
LAST = select(CHANGE.at).where(IS_USABLE).order_by(CHANGE.at.desc()).limit(1)
NEWEST = Prepared(
    select(
        LAST.scalar_subquery().label("newest"),
        NextChangeNumber().label("number"),
    )
)
# A tick after the record's last version, or at its time if this transaction wrote it.
AFTER = """at + CASE transaction_id
    WHEN CAST(CAST(pg_current_xact_id() AS text) AS bigint) THEN interval '0'
    ELSE interval '1 microsecond'
END"""
# One index look-up per record, where max(at) would read all of its versions.
LAST_OF_EACH = """
SELECT max(last.after)
FROM unnest(CAST(:entities AS text[]), CAST(:ids AS uuid[])) AS record (entity, id)
CROSS JOIN LATERAL (
    SELECT {after} AS after FROM audit_change
    WHERE entity = record.entity AND entity_id = record.id
        AND at BETWEEN '0001-01-01' AND :limit
    ORDER BY version DESC LIMIT 1
) AS last
"""
EARLIEST_OF = text(LAST_OF_EACH.format(after=AFTER))
# The look-up inside the INSERT of a single row saves a round trip.
AFTER_PREVIOUS = (
    select(literal_column(AFTER, UtcDateTime()))
    .where(CHANGE.entity == bindparam("name"), CHANGE.entity_id == bindparam("record"))
    .where(IS_USABLE)
    .order_by(CHANGE.version.desc())
    .limit(1)
    .scalar_subquery()
)
EARLIEST = bindparam("earliest", type_=UtcDateTime)
INSERT_AFTER_PREVIOUS = PreparedStatement(
    insert(TABLE)
    .values(
        parameters(TABLE, COLUMNS) | {"at": func.greatest(EARLIEST, AFTER_PREVIOUS)}
    )
    .returning(TABLE.c.at)
)


class LogPosition(NamedTuple):
    """The time and the number of a transaction; PostgreSQL itself sets the number."""

    at: datetime
    transaction_id: int | None = None

    def values(self) -> Row:
        """Return the columns that a row of this transaction gets."""
        return self._asdict() if self.transaction_id else {"at": self.at}


def log_position(connection: Connection) -> LogPosition:
    """Return the current time; on SQLite, a later one if the log has that already.

    On SQLite the transaction has begun, so it holds the write lock.
    """
    if connection.dialect.name != "sqlite":
        return LogPosition(now())
    (row,) = fetch(connection, NEWEST)
    newest, current = row["newest"], now()
    at = max(current, newest + TICK) if newest else current
    return LogPosition(at, row["number"])


def insert_after_previous(
    connection: Connection, row: Row, earliest: datetime
) -> datetime:
    """Insert the row at `earliest`, or later if it has to be; return its time."""
    hide_actor(key_url(connection.engine.url), [row])
    record = {"name": row["entity"], "record": row["entity_id"], "earliest": earliest}
    values = {**new_values(row), **record}
    (inserted,) = fetch(connection, INSERT_AFTER_PREVIOUS, values, LOGGED)
    at: datetime = inserted["at"]
    return at


def earliest_of(connection: Connection, changes: Iterable[RowChange]) -> datetime:
    """Return the earliest time that is right for the next version of each record."""
    pairs = [(name, it.id) for it in changes for name in recorded_names(it.model)]
    entities, ids = zip(*pairs, strict=True)
    parameters = {"entities": list(entities), "ids": list(ids), "limit": time_limit()}
    earliest: datetime | None = connection.scalar(EARLIEST_OF, parameters)
    return earliest or EPOCH  # the previous versions may all be archived
