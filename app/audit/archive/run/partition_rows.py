"""Comparison of the rows of a partition with the lines of verified files."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import date

from app.audit.archive.canonical import Row, encode_row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import WHOLE_LOG, Log, LogRange
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.partitions.archived_lines import ArchivedLines
from app.audit.archive.partitions.days import DayPlan, plan_days
from app.audit.archive.partitions.repository import Partition
from app.audit.archive.partitions.rows import PartitionRows
from app.audit.archive.run.checks import ADVICE, verify_manifest


class PartitionComparison:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.files: dict[date, list[AuditArchive]] = defaultdict(list)

    async def load_files(self) -> None:
        """Read the verified files, by day: all rows of a file have the same day."""
        async with self.context.database.reading() as session:
            files = await FileRepository(session).list_files(self.log)
        for file in files:
            if file.state == FileState.VERIFIED:
                self.files[file.day].append(file)

    async def list_days(self, partition: Partition) -> list[DayPlan]:
        async with self.context.database.reading() as session:
            rows = PartitionRows(session, self.log, partition.name)
            return [day async for day in plan_days(rows, WHOLE_LOG)]

    def find_unarchived_day(self, days: list[DayPlan]) -> date | None:
        """Return a day that has more rows than its files, without reading them."""
        for day in days:
            if day.rows > sum(file.count for file in self.files[day.day]):
                return day.day
        return None

    async def compare_day(
        self, partition: Partition, day: date
    ) -> AsyncIterator[tuple[Row, bytes | None]]:
        """Yield each row of a day with its line in a verified file, or None.

        Raises:
            VerificationException: a file is not as verified, or a line differs from
                its row.
        """
        for file in self.files[day]:
            verify_manifest(self.context, file)
        archived = ArchivedLines(self.context.store, self.files[day])
        async for row in self.read_rows(partition, LogRange.of_day(day)):
            line = archived.find((row["at"], row["id"]))
            if line is not None and line != encode_row(row):
                raise VerificationException(
                    f"Row {row['id']} of {self.log.name} was modified after it was "
                    f"archived. {ADVICE}"
                )
            yield row, line

    async def read_rows(
        self, partition: Partition, log_range: LogRange
    ) -> AsyncIterator[Row]:
        while True:
            async with self.context.database.reading() as session:
                rows = PartitionRows(session, self.log, partition.name)
                page = await rows.read_page(log_range, self.context.batch_size)
            if not page:
                return
            for row in page:
                yield row
            log_range = LogRange((page[-1]["at"], page[-1]["id"]), log_range.until)
