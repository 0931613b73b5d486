"""Deletion of the live rows of a verified file, in short transactions."""

from itertools import islice

from app.audit.archive.batching import BatchSizer
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.repository import LogRepository
from app.audit.archive.run.checks import parse_id
from app.audit.archive.trace import record_action


class Pruner:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.batch_sizer = BatchSizer(max_rows=context.batch_size)

    async def prune_file(self, file: AuditArchive, manifest: Manifest) -> None:
        """Delete the live rows listed in a file, and set its state to PRUNED."""
        lines = self.context.store.read_lines(manifest.data_path)
        while batch := list(islice(lines, self.batch_sizer.rows)):
            await self.delete_rows(batch)
            self.context.progress.report_step("deleted", file.name)
            self.context.progress.report_rows(len(batch))
        async with self.context.database.writing() as session:
            file.state = FileState.PRUNED
            await FileRepository(session).save_file(file)
            details = {"file": manifest.data_path, "rows": manifest.count}
            await record_action(session, self.log.live.name, "archived", details)
        self.context.progress.report_step("pruned", file.name)

    async def delete_rows(self, lines: list[bytes]) -> None:
        ids = [parse_id(line) for line in lines]
        async with (
            self.batch_sizer.timed_transaction(),
            self.context.database.writing() as session,
        ):
            await LogRepository(session, self.log).delete_rows(ids)
