"""Dropping of partitions whose rows are all in verified files.

A partition goes as a whole, which leaves no dead rows. Rows in the default partition,
which stays, are deleted in short transactions.
"""

import asyncio
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from app.audit.archive.batching import BatchWriter
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.models import FileState
from app.audit.archive.partitions.repository import Partition, list_partitions
from app.audit.archive.partitions.rows import PartitionRows
from app.audit.archive.partitions.schema import PartitionSchema, is_locked_out
from app.audit.archive.repository import LogRepository
from app.audit.archive.run.partition_rows import PartitionComparison
from app.audit.archive.trace import record_action

ATTEMPTS = 5
PAUSE_SECONDS = 1.0


class PartitionPruner:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.comparison = PartitionComparison(context, log)
        # Their rows were inserted late: the counts of rows and lines were equal.
        self.days_to_archive: set[date] = set()

    async def prune(self, before: datetime) -> list[str]:
        """Drop the partitions of months before this time that are wholly archived.

        Returns a sentence for each. The limit --max-seconds applies between two
        partitions: an interrupted comparison would begin again.
        """
        await self.comparison.load_files()
        async with self.context.database.reading() as session:
            partitions = await list_partitions(session, self.log)
        notes = []
        for each in partitions:
            self.context.progress.check_time_limit()
            if each.is_default:
                await self.delete_archived_rows(each)
            elif each.ends_before(before):
                rows = await self.count_archived(each)
                if rows is not None:
                    notes.append(await self.drop(each, rows))
        await self.save_states()
        return notes

    async def count_archived(self, partition: Partition) -> int | None:
        """Return the number of rows; None if one of them is in no verified file."""
        days, count = await self.comparison.list_days(partition), 0
        if day := self.comparison.find_unarchived_day(days):
            self.days_to_archive.add(day)
            return None
        for each in days:
            async for _, line in self.comparison.compare_day(partition, each.day):
                if line is None:
                    self.days_to_archive.add(each.day)
                    return None
                count += 1
        return count

    async def drop(self, partition: Partition, rows: int) -> str:
        for _ in range(ATTEMPTS):
            try:
                return await self.try_to_drop(partition, rows)
            except DBAPIError as error:
                if not is_locked_out(error):
                    raise
            await asyncio.sleep(PAUSE_SECONDS)
        return f"{partition.name} is in use. The next run drops it."

    async def try_to_drop(self, partition: Partition, rows: int) -> str:
        """Drop the partition, unless rows were inserted since they were compared."""
        name = partition.name
        async with self.context.database.writing() as session:
            schema = PartitionSchema(session, self.log)
            await schema.block_inserts(name)
            if await PartitionRows(session, self.log, name).count_all() != rows:
                return f"{name} has new rows. The next run archives them."
            await schema.drop(name)
            details = {"partition": name, "rows": rows}
            await record_action(session, self.log.live.name, "dropped", details)
        self.context.progress.report_step("dropped", name)
        return (
            f"Dropped the partition {name}. Its rows are in verified files: {rows:,}."
        )

    async def delete_archived_rows(self, default: Partition) -> None:
        writer = BatchWriter(self.context.database, self.context.batch_size)
        for day in await self.comparison.list_days(default):
            ids: list[UUID] = []
            async for row, line in self.comparison.compare_day(default, day.day):
                if line is not None:
                    ids.append(row["id"])
                if len(ids) >= writer.rows:
                    await self.delete_rows(default, writer, ids)
                    ids = []
            if ids:
                await self.delete_rows(default, writer, ids)

    async def delete_rows(
        self, default: Partition, writer: BatchWriter, ids: list[UUID]
    ) -> None:
        async with writer.writing(len(ids)) as session:
            rows = PartitionRows(session, self.log, default.name)
            await rows.delete_unheld_rows(ids)
        self.context.progress.report_step("deleted", default.name)

    async def save_states(self) -> None:
        """Set the files of days without live rows to PRUNED."""
        for day, files in self.comparison.files.items():
            async with self.context.database.writing() as session:
                rows = LogRepository(session, self.log)
                if files and await rows.first_at(LogRange.of_day(day)) is None:
                    for file in files:
                        file.state = FileState.PRUNED
                        await FileRepository(session).save_file(file)
