"""Crash-safe move of old rows from a live table into archive files.

A file is written, synced, renamed, read back and compared; then its manifest is; then
its state becomes VERIFIED; only then are its rows deleted. After a crash the next run
resumes the file: it rewrites a file in state WRITING, and continues to delete the rows
of a verified one.
"""

from datetime import date, datetime

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import ArchiveException, VerificationException
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import MIN_KEY, Log, LogRange
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.partitions.creation import create_months
from app.audit.archive.partitions.unarchived import UnarchivedRows
from app.audit.archive.run.checks import (
    compare_copy,
    compare_remaining_rows,
    verify_manifest,
)
from app.audit.archive.run.partition_pruner import PartitionPruner
from app.audit.archive.run.pruner import Pruner
from app.audit.archive.run.totals import RunTotals
from app.audit.archive.run.writer import FileWriter
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.trace import record_file


class Archiver:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.totals = RunTotals()
        self.unarchived = UnarchivedRows(context, log)

    async def run(self, before: datetime) -> RunTotals:
        """Archive all sealed rows before this time that are not on legal hold."""
        await self.check_directory()
        if self.unarchived.is_partitioned:
            self.totals.notes += await create_months(self.context.database, self.log)
        await self.context.sealer.seal()
        log_range = rest = await self.get_archivable_range(before)
        for file in await self.list_unfinished():
            await self.finish_file(file, log_range)
        while day := await self.unarchived.find_day(rest):
            rest = await self.finish_file(await self.start_file(day), rest)
        if self.unarchived.is_partitioned:
            await self.prune_partitions(before, log_range)
        return self.totals

    async def prune_partitions(self, before: datetime, log_range: LogRange) -> None:
        pruner = PartitionPruner(self.context, self.log)
        self.totals.notes += await pruner.prune(before)
        for day in sorted(pruner.days_to_archive):
            if day <= log_range.until[0].date():
                await self.finish_file(await self.start_file(day), log_range)

    async def check_directory(self) -> None:
        """Raise ArchiveException if the newest manifest is not in the directory."""
        async with self.context.database.reading() as session:
            last = await FileRepository(session).get_newest_with_manifest(self.log)
        if last and not self.context.store.file_exists(last.manifest_path):
            raise ArchiveException(
                f"{self.context.store.directory} is not the archive directory of this "
                f"database: {last.manifest_path} is missing. Check --dest and mounts."
            )

    async def get_archivable_range(self, before: datetime) -> LogRange:
        """Return the range of rows that are sealed and before this time."""
        async with self.context.database.reading() as session:
            sealed_until = await SealRepository(session).get_sealed_until(self.log)
        return LogRange(
            MIN_KEY, min(sealed_until, LogRange.between(before, before).until)
        )

    async def list_unfinished(self) -> list[AuditArchive]:
        async with self.context.database.reading() as session:
            files = await FileRepository(session).list_files(self.log)
        done = {FileState.PRUNED}
        if self.unarchived.is_partitioned:  # its rows wait for their partition
            done.add(FileState.VERIFIED)
        return [file for file in files if file.state not in done]

    async def start_file(self, day: date) -> AuditArchive:
        async with self.context.database.writing() as session:
            file = await FileRepository(session).add_file(self.log, day)
        self.context.progress.report_step("started", file.name)
        return file

    async def finish_file(self, file: AuditArchive, log_range: LogRange) -> LogRange:
        """Complete the remaining steps of a file; return the range after it."""
        is_resumed = file.state != FileState.WRITING
        if not is_resumed:
            manifest = await FileWriter(self.context, self.log).write_file(
                file, log_range.clip_to_day(file.day)
            )
            if manifest is None:
                await self.discard_file(file)
                return log_range
            await compare_copy(self.context, self.log, manifest)
            self.context.progress.report_step("compared", file.name)
            await self.write_manifest(file, manifest)
        manifest = verify_manifest(self.context, file)
        if is_resumed:
            await compare_remaining_rows(self.context, self.log, manifest)
        # A file in state HELD was counted by the run that wrote it.
        if file.state != FileState.HELD:
            self.totals.add_file(manifest)
        await Pruner(self.context, self.log).prune_file(file, manifest)
        return LogRange((manifest.last.at, manifest.last.id), log_range.until)

    async def write_manifest(self, file: AuditArchive, manifest: Manifest) -> None:
        """Write the manifest, read it back, and set the file's state to VERIFIED."""
        store, signer = self.context.store, self.context.sealer.signer
        store.write_file(manifest.path, manifest.encode_signed(signer))
        self.context.progress.report_step("described", file.name)
        signed = read_manifest(store, manifest.path)
        if signed.manifest != manifest or signed.find_error(signer):
            raise VerificationException(
                f"Manifest {manifest.path} differs from what was written. "
                "Check the disk, and run again."
            )
        await self.save_verified(file, signed)
        self.context.progress.report_step("verified", file.name)

    async def save_verified(self, file: AuditArchive, signed: SignedManifest) -> None:
        manifest = signed.manifest
        file.sqlmodel_update(
            {
                "state": FileState.VERIFIED,
                "count": manifest.count,
                "size": manifest.file_bytes,
                "first_at": manifest.first.at,
                "last_at": manifest.last.at,
                "manifest": signed.hash,
            }
        )
        async with self.context.database.writing() as session:
            await FileRepository(session).save_file(file)
            if self.unarchived.is_partitioned:  # it is not pruned as a file
                await record_file(session, self.log, manifest, held=0)

    async def discard_file(self, file: AuditArchive) -> None:
        """Delete a file without rows. A legal hold was placed on all of them."""
        async with self.context.database.writing() as session:
            await FileRepository(session).delete_file(file)
        self.context.store.remove_files(file.name)
