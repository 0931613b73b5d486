"""What a run would do: days, rows, bytes, and what would stay. It changes nothing."""

import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.audit.archive.canonical import to_line
from app.audit.archive.files.blocks import LEVEL
from app.audit.archive.logs import BEGINNING, HIGHEST, Log, LogName, LogRange
from app.audit.archive.repository import LogRepository
from app.core.clock import now
from app.core.db.database import Database

SAMPLE = 1_000  # rows, from which the bytes of all are estimated


@dataclass
class Day:
    day: date
    rows: int


@dataclass
class Plan:
    """Bytes are estimates: of the rows as lines of JSON, and of the packed files."""

    log: LogName
    before: datetime
    days: list[Day] = field(default_factory=list)
    held: int = 0
    staying: int = 0
    line_bytes: int = 0
    file_bytes: int = 0

    @property
    def rows(self) -> int:
        return sum(day.rows for day in self.days) - self.held


async def make_plan(database: Database, log: Log, before: datetime) -> Plan:
    plan = Plan(log.name, before)
    span = LogRange(BEGINNING, LogRange.between(before, before).until)
    async with database.reading() as session:
        rows = LogRepository(session, log)
        plan.days = [day async for day in days(rows, span)]
        plan.held = await rows.count_held(span)
        plan.staying = await rows.count(LogRange(span.until, (later(), HIGHEST)))
        lines = [to_line(row) for row in await rows.page(span, SAMPLE)]
    if lines:
        content = b"\n".join(lines)
        plan.line_bytes = len(content) * plan.rows // len(lines)
        packed = zlib.compress(content, LEVEL)
        plan.file_bytes = len(packed) * plan.rows // len(lines)
    return plan


async def days(rows: LogRepository, span: LogRange) -> AsyncIterator[Day]:
    """Yield each day that has rows, however many have none in between."""
    while first := await rows.first_at(span):
        today = span.on(first.date())
        yield Day(first.date(), await rows.count(today))
        span = LogRange(today.until, span.until)


def later() -> datetime:
    """Return a time that no row can have reached."""
    return now() + timedelta(days=1)
