"""Restore of archived rows into separate tables, for reading."""

from app.audit.archive.canonical import decode_row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, read_manifest
from app.audit.archive.files.ownership import check_identity
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.restore.repository import RestoredRepository
from app.audit.archive.run.checks import find_file_error, split_batches
from app.audit.archive.run.totals import RunTotals
from app.audit.archive.trace import record_action


class Restorer:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log

    async def restore_range(self, log_range: LogRange) -> RunTotals:
        """Restore every file that overlaps the range. Idempotent.

        Raises:
            VerificationException: a file or its manifest is invalid, or the folder is
                that of another database.
        """
        await check_identity(self.context.database, self.context.store)
        totals = RunTotals()
        for path in self.context.store.list_manifests(self.log.name):
            signed = read_manifest(self.context.store, path)
            manifest = signed.manifest
            if manifest.overlaps(log_range):
                if error := find_file_error(self.context, signed):
                    raise VerificationException(
                        f"{manifest.path}: {error}. Not restored; run `verify`."
                    )
                await self.restore_file(manifest)
                totals.add_file(manifest)
        return totals

    async def restore_file(self, manifest: Manifest) -> None:
        for lines in split_batches(
            self.context.store.read_lines(manifest.data_path), self.context.batch_size
        ):
            rows = [self.log.parse_row(decode_row(line)) for line in lines]
            async with self.context.database.writing() as session:
                await RestoredRepository(session, self.log).add_rows(rows)
            self.context.progress.report_rows(len(rows))
        async with self.context.database.writing() as session:
            details = {"file": manifest.data_path, "rows": manifest.count}
            await record_action(session, self.log.live.name, "restored", details)
        self.context.progress.report_step("restored", manifest.name)
