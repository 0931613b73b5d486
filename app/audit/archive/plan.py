"""Read-only estimates of what a run would archive."""

import zlib
from dataclasses import dataclass, field
from datetime import datetime

from app.audit.archive.canonical import encode_row
from app.audit.archive.files.blocks import COMPRESSION_LEVEL
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import MAX_KEY, Log, LogName, LogRange
from app.audit.archive.partitions.days import DayPlan, plan_days
from app.audit.archive.partitions.repository import is_partitioned
from app.audit.archive.partitions.summary import (
    count_waiting,
    list_ended,
    subtract_waiting,
)
from app.audit.archive.repository import LogRepository
from app.core.db.database import Database
from app.core.db.session import DatabaseSession

SAMPLE_ROWS = 1_000  # the sample that byte estimates are made from


@dataclass
class Plan:
    """Rows to archive by day, rows that stay live, and estimated sizes in bytes.

    `days` counts held rows too; `rows` does not. `copied` has the files that contain
    held rows, too. `waiting` rows are archived, and live until all of their partition
    is; `partitions` has those that may be dropped, once they are compared. `line_bytes`
    is the size as JSON lines, `file_bytes` the compressed size.
    """

    log: LogName
    before: datetime
    days: list[DayPlan] = field(default_factory=list)
    held: int = 0
    copied: list[str] = field(default_factory=list)
    staying: int = 0
    waiting: int = 0
    partitions: list[str] = field(default_factory=list)
    line_bytes: int = 0
    file_bytes: int = 0

    @property
    def rows(self) -> int:
        return sum(day.rows for day in self.days) - self.held


async def make_plan(database: Database, log: Log, before: datetime) -> Plan:
    plan = Plan(log.name, before)
    log_range = LogRange.up_to(before)
    async with database.reading() as session:
        rows = LogRepository(session, log)
        plan.days = [day async for day in plan_days(rows, log_range)]
        if is_partitioned(database, log):
            await plan_partitions(session, log, plan)
        plan.copied = await FileRepository(session).list_held(log)
        plan.held = await rows.count_held_rows(log_range)
        plan.staying = await rows.count_rows(LogRange(log_range.until, MAX_KEY))
        lines = [
            encode_row(row) for row in await rows.read_page(log_range, SAMPLE_ROWS)
        ]
    if lines:
        content = b"\n".join(lines)
        plan.line_bytes = len(content) * plan.rows // len(lines)
        packed = zlib.compress(content, COMPRESSION_LEVEL)
        plan.file_bytes = len(packed) * plan.rows // len(lines)
    return plan


async def plan_partitions(session: DatabaseSession, log: Log, plan: Plan) -> None:
    live = sum(day.rows for day in plan.days)
    plan.days = subtract_waiting(plan.days, await count_waiting(session, log))
    plan.waiting = live - sum(day.rows for day in plan.days)
    plan.partitions = await list_ended(session, log, plan.before)
