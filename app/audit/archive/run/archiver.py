"""A run: what is old enough goes from the live table into files, crash-safe.

A file is written, synced, renamed, read back and compared; then its manifest; then the
database says `verified`; only then are its rows deleted. Whatever step a run dies at,
the next one takes up the file there: it writes it anew, or goes on deleting.
"""

from dataclasses import dataclass
from datetime import date, datetime

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import ArchiveException, VerificationException
from app.audit.archive.files.manifest import Manifest, read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import BEGINNING, Log, LogRange
from app.audit.archive.models import AuditArchive, State
from app.audit.archive.run.checks import check_copied, check_manifest
from app.audit.archive.run.pruner import Pruner
from app.audit.archive.run.writer import FileWriter
from app.audit.archive.seals.repository import SealRepository


@dataclass
class Outcome:
    """What a run has done."""

    files: int = 0
    rows: int = 0
    bytes: int = 0

    def add(self, manifest: Manifest) -> None:
        self.files += 1
        self.rows += manifest.count
        self.bytes += manifest.file_bytes


class Archiver:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.outcome = Outcome()

    async def run(self, before: datetime) -> Outcome:
        """Archive all rows from before this instant, but those on hold."""
        await self.check_store()
        await self.context.sealer.seal()
        span = await self.sealed_span(before)
        for file in await self.unfinished():
            await self.finish(file, span)
        while day := await self.next_day(span):
            span = await self.finish(await self.start(day), span)
        return self.outcome

    async def check_store(self) -> None:
        """Refuse a folder that does not hold what was archived before."""
        async with self.context.database.reading() as session:
            last = await FileRepository(session).last_manifest(self.log)
        if last and not self.context.store.exists(last.manifest_path):
            raise ArchiveException(
                f"{self.context.store.folder} does not hold the archive so far: "
                f"{last.manifest_path} is not in it. Is it the right folder?"
            )

    async def sealed_span(self, before: datetime) -> LogRange:
        """Return what may go: old enough, and sealed."""
        async with self.context.database.reading() as session:
            mark = await SealRepository(session).mark(self.log)
        return LogRange(BEGINNING, min(mark, LogRange.between(before, before).until))

    async def unfinished(self) -> list[AuditArchive]:
        async with self.context.database.reading() as session:
            files = await FileRepository(session).of(self.log)
        return [file for file in files if file.state != State.PRUNED]

    async def next_day(self, span: LogRange) -> date | None:
        async for rows in self.context.pages(self.log, span, 1):
            day: date = rows[0]["at"].date()
            return day
        return None

    async def start(self, day: date) -> AuditArchive:
        async with self.context.database.writing() as session:
            file = await FileRepository(session).add(self.log, day)
        self.context.progress.step("started", file.name)
        return file

    async def finish(self, file: AuditArchive, span: LogRange) -> LogRange:
        """Take a file through the steps that it has not seen; return what follows."""
        if file.state == State.WRITING:
            manifest = await FileWriter(self.context, self.log).write(
                file, span.on(file.day)
            )
            if manifest is None:
                await self.discard(file)
                return span
            await check_copied(self.context, self.log, manifest)
            self.context.progress.step("compared", file.name)
            await self.vouch(file, manifest)
        manifest = check_manifest(self.context, file)
        await Pruner(self.context, self.log).prune(file, manifest)
        self.outcome.add(manifest)
        return LogRange((manifest.last.at, manifest.last.id), span.until)

    async def vouch(self, file: AuditArchive, manifest: Manifest) -> None:
        """Write the manifest, read it back, and call the file verified."""
        store, signer = self.context.store, self.context.sealer.signer
        store.write(manifest.path, manifest.signed(signer))
        self.context.progress.step("described", file.name)
        signed = read_manifest(store, manifest.path)
        if signed.manifest != manifest or signed.fault(signer):
            raise VerificationException(f"{manifest.path} was not written as it is")
        file.sqlmodel_update(
            {
                "state": State.VERIFIED,
                "count": manifest.count,
                "size": manifest.file_bytes,
                "first_at": manifest.first.at,
                "last_at": manifest.last.at,
                "manifest": signed.hash,
            }
        )
        async with self.context.database.writing() as session:
            await FileRepository(session).save(file)
        self.context.progress.step("verified", file.name)

    async def discard(self, file: AuditArchive) -> None:
        """Forget a file without rows: they have come under a legal hold meanwhile."""
        async with self.context.database.writing() as session:
            await FileRepository(session).delete(file)
        self.context.store.remove(file.name)
