"""Deletion of the live rows of a verified file, in short transactions."""

from itertools import islice
from uuid import UUID

from app.audit.archive.batching import BatchWriter
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.partitions.repository import is_partitioned
from app.audit.archive.repository import LogRepository
from app.audit.archive.trace import record_file


class Pruner:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.writer = BatchWriter(context.database, context.batch_size)

    async def prune_file(
        self, file: AuditArchive, manifest: Manifest, ids: list[UUID]
    ) -> None:
        """Delete the rows that were compared with a file, and set its state.

        The file itself is not asked again: others can replace it at any moment. Rows on
        legal hold stay; the state is then HELD instead of PRUNED. The rows of a
        partitioned log stay until their partition is dropped.
        """
        if is_partitioned(self.context.database, self.log):
            return
        held, rest = 0, iter(ids)
        while batch := list(islice(rest, self.writer.rows)):
            held += await self.delete_rows(batch)
            self.context.progress.report_step("deleted", file.name)
            self.context.progress.report_rows(len(batch))
        await self.save_state(file, manifest, held)
        self.context.progress.report_step("pruned", file.name)

    async def save_state(
        self, file: AuditArchive, manifest: Manifest, held: int
    ) -> None:
        before, file.state = file.state, FileState.HELD if held else FileState.PRUNED
        if file.state == before:
            return
        async with self.context.database.writing() as session:
            await FileRepository(session).save_file(file)
            await record_file(session, self.log, manifest, held)

    async def delete_rows(self, ids: list[UUID]) -> int:
        """Delete rows; return how many a hold keeps live."""
        async with self.writer.writing(len(ids)) as session:
            return await LogRepository(session, self.log).delete_unheld_rows(ids)
