"""Definitions of the two logs, and ranges of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Table
from sqlmodel import SQLModel

from app.audit.archive.canonical import RowKey
from app.audit.archive.models import RestoredAccess, RestoredChange
from app.audit.models import AuditAccess, AuditChange
from app.audit.stored_values import decode_stored
from app.core.clock import TICK
from app.core.db.column_types import UtcDateTime

MIN_ID, MAX_ID = UUID(int=0), UUID(int=2**128 - 1)
# The keys before and after every row.
MIN_KEY: RowKey = (datetime.min.replace(tzinfo=UTC), MIN_ID)
MAX_KEY: RowKey = (datetime.max.replace(tzinfo=UTC), MAX_ID)


class LogName(StrEnum):
    CHANGES = "changes"
    ACCESSES = "accesses"


def model_table(model: type[SQLModel]) -> Table:
    table: Table = getattr(model, "__table__")  # noqa: B009
    return table


@dataclass(frozen=True)
class Log:
    """One audit log: its tables, the prefix of its actor columns, and its timing.

    `may_be_late`: an access is inserted from a spool, hours late if its process
    crashed. A change is inserted by the transaction that makes it.
    """

    name: LogName
    live: Table
    restored: Table
    actor: str
    may_be_late: bool

    def parse_row(self, values: dict[str, Any]) -> dict[str, Any]:
        """Convert JSON values to the types of this log's columns; NULL if missing."""
        return {
            column.name: parse_value(column.type, values.get(column.name))
            for column in self.live.columns
        }


def parse_value(column_type: Any, value: Any) -> Any:
    value = decode_stored(value)
    if value is None:
        return None
    if isinstance(column_type, UtcDateTime):
        return datetime.fromisoformat(value)
    return UUID(value) if column_type.python_type is UUID else value


CHANGES = Log(
    name=LogName.CHANGES,
    live=model_table(AuditChange),
    restored=model_table(RestoredChange),
    actor="actor",
    may_be_late=False,
)
ACCESSES = Log(
    name=LogName.ACCESSES,
    live=model_table(AuditAccess),
    restored=model_table(RestoredAccess),
    actor="user",
    may_be_late=True,
)
LOGS = {log.name: log for log in (CHANGES, ACCESSES)}


@dataclass(frozen=True)
class LogRange:
    """A range of a log, `(after, until]`."""

    after: RowKey
    until: RowKey

    @classmethod
    def of_day(cls, day: date) -> "LogRange":
        start = datetime.combine(day, time(), UTC)
        return cls.between(start, start + timedelta(days=1))

    @classmethod
    def between(cls, since: datetime, before: datetime) -> "LogRange":
        return cls((since, MIN_ID), (before - TICK, MAX_ID))

    @classmethod
    def up_to(cls, before: datetime) -> "LogRange":
        """Return the range from the beginning of the log."""
        return cls(MIN_KEY, (before - TICK, MAX_ID))

    def clip_to_day(self, day: date) -> "LogRange":
        """Return the intersection of this range and one day (UTC)."""
        limits = LogRange.of_day(day)
        return LogRange(max(self.after, limits.after), min(self.until, limits.until))


WHOLE_LOG = LogRange(MIN_KEY, MAX_KEY)
