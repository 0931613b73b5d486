"""Bringing rows back from cold storage, into tables of their own, to be read."""

from app.audit.archive.canonical import from_line
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, read_manifest
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.restore.repository import RestoredRepository
from app.audit.archive.run.archiver import Outcome
from app.audit.archive.run.checks import batches, file_fault
from app.audit.archive.trace import add_trace


class Restorer:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log

    async def restore(self, span: LogRange) -> Outcome:
        """Restore every file that reaches into this span. Twice changes nothing.

        Raises:
            VerificationException: a file is not what its manifest says.
        """
        outcome = Outcome()
        for path in self.context.store.manifests(self.log.name):
            signed = read_manifest(self.context.store, path)
            manifest = signed.manifest
            if manifest.overlaps(span):
                if fault := file_fault(self.context, signed):
                    raise VerificationException(
                        f"{manifest.path}: {fault}. It stays out."
                    )
                await self.restore_file(manifest)
                outcome.add(manifest)
        return outcome

    async def restore_file(self, manifest: Manifest) -> None:
        for lines in batches(
            self.context.store.lines(manifest.file), self.context.batch_size
        ):
            rows = [self.log.parse(from_line(line)) for line in lines]
            async with self.context.database.writing() as session:
                await RestoredRepository(session, self.log).add(rows)
            self.context.progress.rows(len(rows))
        async with self.context.database.writing() as session:
            told = {"file": manifest.file, "rows": manifest.count}
            await add_trace(session, self.log.live.name, "restored", told)
        self.context.progress.step("restored", manifest.name)
