"""Restore of archived rows into separate tables, for reading."""

from collections.abc import Iterator

from app.audit.archive.canonical import decode_row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.files.ownership import check_identity
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.models import AuditArchive
from app.audit.archive.partitions.archived_lines import ArchivedLines
from app.audit.archive.repository import LogRepository
from app.audit.archive.restore.repository import RestoredRepository
from app.audit.archive.run.checks import find_file_error, read_batches
from app.audit.archive.run.totals import RunTotals
from app.audit.archive.trace import record_action

Files = dict[str, AuditArchive]  # by the paths of their manifests


class Restorer:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.replaced = self.deleted = 0

    async def restore_range(self, log_range: LogRange) -> RunTotals:
        """Restore every file that overlaps the range. Idempotent.

        Restored rows that are not as archived are replaced, or deleted if no file has
        them; the notes count them.

        Raises:
            VerificationException: a file or its manifest is missing, invalid or not
                recorded, or the folder is that of another database.
        """
        await check_identity(self.context.database, self.context.store)
        totals, recorded = RunTotals(), await self.list_recorded()
        paths = self.context.store.list_manifests(self.log.name)
        restored = []
        for manifest in self.verify_files(paths, recorded, log_range):
            await self.restore_file(manifest)
            totals.add_file(manifest)
            restored.append(recorded[manifest.path])
        missing = recorded.keys() - {*paths}
        check_missing([recorded[path] for path in missing], log_range)
        await self.delete_others(log_range, restored)
        totals.notes += self.describe_repairs()
        return totals

    def verify_files(
        self, paths: list[str], recorded: Files, log_range: LogRange
    ) -> Iterator[Manifest]:
        """Yield the manifests of the range, each after its verification."""
        for path in paths:
            signed, file = read_manifest(self.context.store, path), recorded.get(path)
            if signed.manifest.overlaps(log_range) and not is_unfinished(file):
                if error := self.find_error(signed, file):
                    raise VerificationException(
                        f"{path}: {error}. Not restored; run `verify`."
                    )
                yield signed.manifest

    def describe_repairs(self) -> list[str]:
        if not (self.replaced or self.deleted):
            return []
        return [
            f"{self.log.restored.name} had rows that were not as archived: "
            f"{self.replaced} replaced, {self.deleted} deleted."
        ]

    async def list_recorded(self) -> Files:
        """Return the files that this database has written, by their manifests."""
        async with self.context.database.reading() as session:
            files = await FileRepository(session).list_files(self.log)
        return {file.manifest_path: file for file in files}

    def find_error(
        self, signed: SignedManifest, file: AuditArchive | None
    ) -> str | None:
        """Return why the file is invalid or not the recorded one, or None."""
        if file is None or signed.hash != file.manifest:
            return "it differs from what is recorded in audit_archive"
        return find_file_error(self.context, signed)

    async def restore_file(self, manifest: Manifest) -> None:
        replaced = 0
        for lines in read_batches(self.context, manifest):
            rows = {line: self.log.parse_row(decode_row(line)) for line in lines}
            async with self.context.database.writing() as session:
                replaced += await RestoredRepository(session, self.log).put_rows(rows)
            self.context.progress.report_rows(len(rows))
        async with self.context.database.writing() as session:
            details = {"file": manifest.data_path, "rows": manifest.count}
            details |= {"replaced": replaced} if replaced else {}
            await record_action(session, self.log.live.name, "restored", details)
        self.context.progress.report_step("restored", manifest.name)
        self.replaced += replaced

    async def delete_others(
        self, log_range: LogRange, files: list[AuditArchive]
    ) -> None:
        """Delete the rows of the range that none of its files has."""
        archived = ArchivedLines(self.context.store, files)
        while True:
            async with self.context.database.writing() as session:
                stored = LogRepository(session, self.log, self.log.restored)
                page = await stored.read_page(log_range, self.context.batch_size)
                keys = [(row["at"], row["id"]) for row in page]
                others = [key[1] for key in keys if not archived.find(key)]
                await RestoredRepository(session, self.log).delete_by_ids(others)
            if not page:
                return
            self.deleted += len(others)
            log_range = LogRange(keys[-1], log_range.until)


def is_unfinished(file: AuditArchive | None) -> bool:
    """Return whether a run is writing the file, whose rows all are live."""
    return file is not None and file.manifest is None


def check_missing(files: list[AuditArchive], log_range: LogRange) -> None:
    """Raise VerificationException if one of these files overlaps the range."""
    after, until = log_range.after[0], log_range.until[0]
    for file in files:
        first, last = file.first_at, file.last_at
        if first and last and last > after and first <= until:
            raise VerificationException(
                f"{file.manifest_path} is missing. The other files were restored; run "
                "`verify`."
            )
