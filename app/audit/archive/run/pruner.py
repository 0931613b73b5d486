"""Deleting what a verified file holds: exactly that, in short transactions."""

from itertools import islice

from app.audit.archive.batching import BatchSizer
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive, State
from app.audit.archive.repository import LogRepository
from app.audit.archive.run.checks import id_of
from app.audit.archive.trace import add_trace


class Pruner:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.pace = BatchSizer(most=context.batch_size)

    async def prune(self, file: AuditArchive, manifest: Manifest) -> None:
        """Delete a file's rows, and record it with the last of them."""
        lines = self.context.store.lines(manifest.file)
        while batch := list(islice(lines, self.pace.rows)):
            await self.delete(batch)
            self.context.progress.step("deleted", file.name)
            self.context.progress.rows(len(batch))
        async with self.context.database.writing() as session:
            file.state = State.PRUNED
            await FileRepository(session).save(file)
            told = {"file": manifest.file, "rows": manifest.count}
            await add_trace(session, self.log.live.name, "archived", told)
        self.context.progress.step("pruned", file.name)

    async def delete(self, lines: list[bytes]) -> None:
        ids = [id_of(line) for line in lines]
        async with self.pace.measured(), self.context.database.writing() as session:
            await LogRepository(session, self.log).delete(ids)
