"""Crash-safe move of old rows from a live table into archive files.

A file is written, synced, renamed, read back and compared; then its manifest is; then
its state becomes VERIFIED; only then are its rows deleted. After a crash the next run
resumes the file: it rewrites a file in state WRITING, and continues to delete the rows
of a verified one.
"""

from dataclasses import dataclass
from datetime import date, datetime

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import ArchiveException, VerificationException
from app.audit.archive.files.manifest import Manifest, read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import MIN_KEY, Log, LogRange
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.run.checks import (
    compare_copy,
    compare_remaining_rows,
    verify_manifest,
)
from app.audit.archive.run.pruner import Pruner
from app.audit.archive.run.writer import FileWriter


@dataclass
class RunTotals:
    """Totals over the files that a command has processed."""

    files: int = 0
    rows: int = 0
    bytes: int = 0

    def add_file(self, manifest: Manifest) -> None:
        self.files += 1
        self.rows += manifest.count
        self.bytes += manifest.file_bytes


class Archiver:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.totals = RunTotals()

    async def run(self, before: datetime) -> RunTotals:
        """Archive all sealed rows before this time that are not on legal hold."""
        await self.check_directory()
        await self.context.sealer.seal()
        # A row without a leaf is left for the next run.
        log_range = LogRange(MIN_KEY, LogRange.between(before, before).until)
        for file in await self.list_unfinished():
            await self.finish_file(file, log_range)
        while day := await self.find_next_day(log_range):
            log_range = await self.finish_file(await self.start_file(day), log_range)
        return self.totals

    async def check_directory(self) -> None:
        """Raise ArchiveException if the newest manifest is not in the directory."""
        async with self.context.database.reading() as session:
            last = await FileRepository(session).get_newest_with_manifest(self.log)
        if last and not self.context.store.file_exists(last.manifest_path):
            raise ArchiveException(
                f"{self.context.store.directory} is not the archive directory of this "
                f"database: {last.manifest_path} is missing. Check --dest and mounts."
            )

    async def list_unfinished(self) -> list[AuditArchive]:
        async with self.context.database.reading() as session:
            files = await FileRepository(session).list_files(self.log)
        return [file for file in files if file.state != FileState.PRUNED]

    async def find_next_day(self, log_range: LogRange) -> date | None:
        async for rows in self.context.read_unheld_batches(self.log, log_range, 1):
            day: date = rows[0]["at"].date()
            return day
        return None

    async def start_file(self, day: date) -> AuditArchive:
        async with self.context.database.writing() as session:
            file = await FileRepository(session).add_file(self.log, day)
        self.context.progress.report_step("started", file.name)
        return file

    async def finish_file(self, file: AuditArchive, log_range: LogRange) -> LogRange:
        """Complete the remaining steps of a file; return the range after it."""
        is_resumed = file.state != FileState.WRITING
        writer = FileWriter(self.context, self.log)
        if not is_resumed:
            day = log_range.clip_to_day(file.day)
            manifest = await writer.write_file(file, day)
            if manifest is None:
                await self.discard_file(file)
                return LogRange(max(writer.scanned, log_range.after), log_range.until)
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
        after = max(writer.scanned, (manifest.last.at, manifest.last.id))
        return LogRange(after, log_range.until)

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
        self.context.progress.report_step("verified", file.name)

    async def discard_file(self, file: AuditArchive) -> None:
        """Delete a file without rows. All of them are held, or not sealed."""
        async with self.context.database.writing() as session:
            await FileRepository(session).delete_file(file)
        self.context.store.remove_files(file.name)
