"""The two logs, as cold storage sees them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Table
from sqlmodel import SQLModel

from app.audit.archive.canonical import Key
from app.audit.archive.models import RestoredAccess, RestoredChange
from app.audit.models import AuditAccess, AuditChange
from app.core.clock import TICK
from app.core.db.column_types import UtcDateTime

LOWEST, HIGHEST = UUID(int=0), UUID(int=2**128 - 1)
BEGINNING: Key = (datetime.min.replace(tzinfo=UTC), LOWEST)


class LogName(StrEnum):
    CHANGES = "changes"
    ACCESSES = "accesses"


def table_of(model: type[SQLModel]) -> Table:
    table: Table = getattr(model, "__table__")  # noqa: B009
    return table


@dataclass(frozen=True)
class Log:
    """One log: where its rows live, where they are brought back to, how it arrives.

    Changes are there when their transaction commits. An access may come hours late:
    from the spool of a process that had died.
    """

    name: LogName
    live: Table
    restored: Table
    actor: str
    may_be_late: bool

    def parse(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return what a line says, as this log's columns want it."""
        return {
            column.name: parse_value(column.type, values.get(column.name))
            for column in self.live.columns
        }


def parse_value(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    return UUID(value) if kind.python_type is UUID else value


CHANGES = Log(
    name=LogName.CHANGES,
    live=table_of(AuditChange),
    restored=table_of(RestoredChange),
    actor="actor",
    may_be_late=False,
)
ACCESSES = Log(
    name=LogName.ACCESSES,
    live=table_of(AuditAccess),
    restored=table_of(RestoredAccess),
    actor="user",
    may_be_late=True,
)
LOGS = {log.name: log for log in (CHANGES, ACCESSES)}


@dataclass(frozen=True)
class LogRange:
    """A stretch of a log: from after one place up to another, which belongs to it."""

    after: Key
    until: Key

    @classmethod
    def of_day(cls, day: date) -> "LogRange":
        start = datetime.combine(day, time(), UTC)
        return cls.between(start, start + timedelta(days=1))

    @classmethod
    def between(cls, since: datetime, before: datetime) -> "LogRange":
        return cls((since, LOWEST), (before - TICK, HIGHEST))

    def on(self, day: date) -> "LogRange":
        """Return the part of this span that is on one day."""
        whole = LogRange.of_day(day)
        return LogRange(max(self.after, whole.after), min(self.until, whole.until))
