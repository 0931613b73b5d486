"""Crash-safe move of old rows from a live table into archive files.

A file is written, synced, renamed, read back and compared; then its manifest is; then
its state becomes VERIFIED; only then are its rows deleted. After a crash the next run
resumes the file: it rewrites a file in state WRITING, or records it as verified if it
has its manifest, and continues to delete the rows of a verified one.
"""

from datetime import date, datetime
from uuid import UUID

from app.audit.archive.cold.emptying import SealEmptier
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import MIN_KEY, Log, LogRange
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.partitions.creation import create_months
from app.audit.archive.partitions.unarchived import UnarchivedRows
from app.audit.archive.proven.rebuilt import RebuiltSeals
from app.audit.archive.proven.seals import check_heads
from app.audit.archive.run.checks import (
    compare_copy,
    compare_remaining_rows,
    verify_manifest,
)
from app.audit.archive.run.damage import find_damage
from app.audit.archive.run.folder import check_folder
from app.audit.archive.run.leaf_hashes import LeafHashes
from app.audit.archive.run.partition_pruner import PartitionPruner
from app.audit.archive.run.pruner import Pruner
from app.audit.archive.run.recorder import FileRecorder
from app.audit.archive.run.totals import RunTotals
from app.audit.archive.run.writer import FileWriter
from app.audit.archive.store.store import ADOPT


class Archiver:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.recorder = FileRecorder(context, log)
        self.pruner = Pruner(context, log)
        self.leaves = LeafHashes(RebuiltSeals(context, log))
        self.totals = RunTotals()
        self.unarchived = UnarchivedRows(context, log)

    async def run(self, before: datetime) -> RunTotals:
        """Archive all sealed rows before this time that are not on legal hold."""
        await check_folder(self.context)
        if self.unarchived.is_partitioned:
            self.totals.notes += await create_months(self.context.database, self.log)
        await check_heads(self.context)
        await self.context.sealer.seal(self.context.progress.check_time_limit)
        log_range = rest = LogRange.up_to(before)
        for file in await self.list_unfinished():
            await self.resume_file(file, log_range)
        # `rest` moves on past rows without a leaf, which are left for the next run.
        while day := await self.unarchived.find_day(rest):
            rest = await self.finish_file(await self.start_file(day), rest)
        if self.unarchived.is_partitioned:
            await self.prune_partitions(before, log_range)
        await SealEmptier(self.context, self.log).empty()
        self.totals.damage = await find_damage(self.context, self.log, before)
        return self.totals

    async def prune_partitions(self, before: datetime, log_range: LogRange) -> None:
        pruner = PartitionPruner(self.context, self.log)
        self.totals.notes += await pruner.prune(before)
        for day in sorted(pruner.days_to_archive):
            if day <= log_range.until[0].date():
                await self.finish_file(await self.start_file(day), log_range)

    async def list_unfinished(self) -> list[AuditArchive]:
        async with self.context.database.reading() as session:
            files = await FileRepository(session).list_files(self.log)
        done = {FileState.PRUNED}
        if self.unarchived.is_partitioned:  # its rows wait for their partition
            done.add(FileState.VERIFIED)
        return [file for file in files if file.state not in done]

    async def start_file(self, day: date) -> AuditArchive:
        async with self.context.database.reading() as session:
            name = await FileRepository(session).next_name(self.log, day)
        # Not in the transaction: a bucket may take its time, and writers would wait.
        if found := self.context.store.find_files(name):
            raise VerificationException(
                f"{found[0]} exists, but this database has not written it. Nothing "
                f"was written. {ADOPT}"
            )
        async with self.context.database.writing() as session:
            file = await FileRepository(session).add_file(self.log, day)
        self.context.progress.report_step("started", file.name)
        return file

    async def resume_file(self, file: AuditArchive, log_range: LogRange) -> None:
        if file.state == FileState.WRITING and not self.recorder.has_manifest(file):
            self.context.store.allow_replacement(file.name)
        await self.finish_file(file, log_range)

    async def finish_file(self, file: AuditArchive, log_range: LogRange) -> LogRange:
        """Complete the remaining steps of a file; return the range after it."""
        is_resumed, ids = file.state != FileState.WRITING, list[UUID]()
        writer = FileWriter(self.context, self.log, self.leaves)
        if not is_resumed:
            ids = await self.complete_file(file, log_range, writer)
        if not (is_resumed or ids):
            # Not even a row that cannot be archived keeps the run at its day.
            end = LogRange.of_day(file.day).until
            scanned = end if writer.scanned == MIN_KEY else writer.scanned
            return LogRange(max(scanned, log_range.after), log_range.until)
        manifest = verify_manifest(self.context, file)
        if is_resumed:
            ids = await compare_remaining_rows(self.context, self.log, manifest)
        # A file in state HELD was counted by the run that wrote it.
        if file.state != FileState.HELD:
            self.totals.add_file(manifest)
        await self.pruner.prune_file(file, manifest, ids)
        after = max(writer.scanned, (manifest.last.at, manifest.last.id))
        return LogRange(after, log_range.until)

    async def complete_file(
        self, file: AuditArchive, log_range: LogRange, writer: FileWriter
    ) -> list[UUID]:
        """Write and verify a file; return the ids of its rows."""
        if self.recorder.has_manifest(file):
            return await self.recorder.take_over(file)
        day = log_range.clip_to_day(file.day)
        manifest = await writer.write_file(file, day)
        if manifest is None:
            await self.discard_file(file)
            return []
        ids = await compare_copy(self.context, self.log, manifest)
        self.context.progress.report_step("compared", file.name)
        await self.recorder.write_manifest(file, manifest)
        return ids

    async def discard_file(self, file: AuditArchive) -> None:
        """Delete a file without rows. All of them are held, or not sealed."""
        self.context.store.remove_files(file.name)
        async with self.context.database.writing() as session:
            await FileRepository(session).delete_file(file)
