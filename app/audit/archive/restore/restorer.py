"""Bringing rows back from cold storage, into tables of their own, to be read."""

from app.audit.archive.canonical import from_line
from app.audit.archive.context import Tools
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, read_manifest
from app.audit.archive.logs import Log, Span
from app.audit.archive.restore.repository import RestoredRepository
from app.audit.archive.run.archiver import Outcome
from app.audit.archive.run.checks import batches, file_fault
from app.audit.archive.trace import add_record


class Restorer:
    def __init__(self, tools: Tools, log: Log) -> None:
        self.tools = tools
        self.log = log

    async def restore(self, span: Span) -> Outcome:
        """Restore every file that reaches into this span. Twice changes nothing.

        Raises:
            VerificationException: a file is not what its manifest says.
        """
        outcome = Outcome()
        for path in self.tools.store.manifests(self.log.name):
            signed = read_manifest(self.tools.store, path)
            manifest = signed.manifest
            if manifest.overlaps(span):
                if fault := file_fault(self.tools, signed):
                    raise VerificationException(
                        f"{manifest.path}: {fault}. It stays out."
                    )
                await self.restore_file(manifest)
                outcome.add(manifest)
        return outcome

    async def restore_file(self, manifest: Manifest) -> None:
        for lines in batches(
            self.tools.store.lines(manifest.file), self.tools.batch_size
        ):
            rows = [self.log.parse(from_line(line)) for line in lines]
            async with self.tools.database.writing() as session:
                await RestoredRepository(session, self.log).add(rows)
            self.tools.progress.rows(len(rows))
        async with self.tools.database.writing() as session:
            told = {"file": manifest.file, "rows": manifest.count}
            await add_record(session, self.log.live.name, "restored", told)
        self.tools.progress.step("restored", manifest.name)
