"""Rows that are in no verified file.

The rows of a partitioned log stay live until their whole partition is verified, so a
run has to find those that are not in a file yet: new ones, and ones inserted late.
"""

from collections.abc import AsyncIterator
from datetime import date

from app.audit.archive.canonical import Row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.partitions.archived_lines import ArchivedLines
from app.audit.archive.partitions.days import DayPlan, plan_days
from app.audit.archive.partitions.repository import is_partitioned
from app.audit.archive.repository import LogRepository

NO_LIMIT = 2**63 - 1


class UnarchivedRows:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.is_partitioned = is_partitioned(context.database, log)

    async def list_files(self, log_range: LogRange) -> list[AuditArchive]:
        """Return the verified files that may have rows of this range."""
        if not self.is_partitioned:
            return []
        async with self.context.database.reading() as session:
            files = await FileRepository(session).list_files(self.log)
        return [
            file
            for file in files
            if file.state == FileState.VERIFIED and overlaps(file, log_range)
        ]

    async def read_batches(
        self, log_range: LogRange, max_rows: int
    ) -> AsyncIterator[list[Row]]:
        """Yield batches of rows to archive, without a legal hold, in key order."""
        files = await self.list_files(log_range)
        archived = ArchivedLines(self.context.store, files)
        # Without files, each row that is read is one to archive.
        limit = NO_LIMIT if files else max_rows
        batches = self.context.read_unheld_batches(self.log, log_range, limit)
        async for rows in batches:
            found = [r for r in rows if not archived.find((r["at"], r["id"]))]
            if found := found[:max_rows]:
                yield found
            max_rows -= len(found)
            if not max_rows:
                return

    async def find_day(self, log_range: LogRange) -> date | None:
        """Return the first day in the range that has rows to archive."""
        if not self.is_partitioned:
            async for rows in self.read_batches(log_range, 1):
                day: date = rows[0]["at"].date()
                return day
            return None
        async for day in self.list_days(log_range):
            async for _ in self.read_batches(log_range.clip_to_day(day), 1):
                return day
        return None

    async def list_days(self, log_range: LogRange) -> AsyncIterator[date]:
        """Yield the days that have not as many rows as their verified files.

        Equal counts only skip days, whose rows wait for their partition: before it is
        dropped, each of its rows is compared.
        """
        first = LogRange.of_day(log_range.after[0].date())
        rest = LogRange(min(first.after, log_range.after), log_range.until)
        files = await self.list_files(rest)
        while day := await self.next_day(rest):
            if day.rows != sum(file.count for file in files if file.day == day.day):
                yield day.day
            rest = LogRange(LogRange.of_day(day.day).until, rest.until)

    async def next_day(self, log_range: LogRange) -> DayPlan | None:
        async with self.context.database.reading() as session:
            async for day in plan_days(LogRepository(session, self.log), log_range):
                return day
        return None


def overlaps(file: AuditArchive, log_range: LogRange) -> bool:
    """Return whether the times of a verified file overlap the range."""
    if file.first_at is None or file.last_at is None:
        return False
    return file.last_at >= log_range.after[0] and file.first_at <= log_range.until[0]
