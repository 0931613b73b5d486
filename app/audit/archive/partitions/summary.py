"""Summaries of a partitioned log, for `plan` and `status`."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import FileState
from app.audit.archive.partitions.days import DayPlan
from app.audit.archive.partitions.repository import list_partitions
from app.audit.archive.partitions.rows import PartitionRows
from app.core.db.ids import creation_time
from app.core.db.session import DatabaseSession

MAX_IDS = 10


@dataclass
class PartitionSummary:
    """The partitions of a log.

    `waiting` rows are in verified files, and live until all of their partition is
    archived. `outside` rows have an id of no month that has a partition, as from a
    wrong clock; `outside_ids` has the first of them.
    """

    count: int
    until: datetime | None
    waiting: int
    default: str | None
    outside: int
    outside_ids: list[str]


async def count_waiting(session: DatabaseSession, log: Log) -> Counter[date]:
    """Return the number of lines in verified files, by day."""
    waiting: Counter[date] = Counter()
    for file in await FileRepository(session).list_files(log):
        if file.state == FileState.VERIFIED:
            waiting[file.day] += file.count
    return waiting


def subtract_waiting(days: list[DayPlan], waiting: Counter[date]) -> list[DayPlan]:
    """Return the days that have rows in no verified file, with their number."""
    return [
        DayPlan(each.day, each.rows - waiting[each.day])
        for each in days
        if each.rows > waiting[each.day]
    ]


async def summarize_partitions(session: DatabaseSession, log: Log) -> PartitionSummary:
    partitions = await list_partitions(session, log)
    bounds = [each.upper for each in partitions if each.upper]
    default = next((each.name for each in partitions if each.is_default), None)
    rows = PartitionRows(session, log, default) if default else None
    return PartitionSummary(
        count=len(partitions),
        until=creation_time(max(bounds)) if bounds else None,
        waiting=(await count_waiting(session, log)).total(),
        default=default,
        outside=await rows.count_all() if rows else 0,
        outside_ids=[str(id) for id in await rows.list_ids(MAX_IDS)] if rows else [],
    )


async def list_ended(session: DatabaseSession, log: Log, before: datetime) -> list[str]:
    """Return the partitions that may be dropped: their months are before this time."""
    partitions = await list_partitions(session, log)
    return [each.name for each in partitions if each.ends_before(before)]
