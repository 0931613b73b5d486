"""Days of a log that have rows."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

from app.audit.archive.logs import LogRange
from app.audit.archive.repository import LogRepository


@dataclass
class DayPlan:
    day: date
    rows: int


async def plan_days(rows: LogRepository, log_range: LogRange) -> AsyncIterator[DayPlan]:
    """Yield each day that has rows. One query per day found skips empty days."""
    while first := await rows.first_at(log_range):
        today = log_range.clip_to_day(first.date())
        yield DayPlan(first.date(), await rows.count_rows(today))
        log_range = LogRange(today.until, log_range.until)
