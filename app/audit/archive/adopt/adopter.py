"""Adoption of the files that were written after the backup of a restored database.

Such a file has the only copy of rows that the backup does not contain. All files are
compared first; if anything contradicts, nothing is changed. An interrupted command can
be started again.
"""

from uuid import UUID

from app.audit.archive.adopt.candidates import Candidate, CandidateFinder
from app.audit.archive.adopt.comparison import Comparison
from app.audit.archive.adopt.report import AdoptReport
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.adoption import write_adoption
from app.audit.archive.files.ownership import (
    IDENTITY_FILE,
    find_foreign_error,
    read_identity,
    write_identity,
)
from app.audit.archive.files.records import record_values
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.identity import (
    add_archive_id,
    get_archive_id,
    lock_identity,
    read_archive_id,
)
from app.audit.archive.logs import LOGS
from app.audit.archive.models import AuditArchive
from app.audit.archive.seals.order import OrderRepository
from app.audit.archive.trace import record_action
from app.core.clock import now

UNRELATED = (
    "it has no identity in common with this database, nor a row or file that both have"
)


class Adopter:
    def __init__(self, context: ArchiveContext) -> None:
        self.context = context
        self.report = AdoptReport()
        self.found = read_identity(context.store)
        self.own: UUID | None = None
        self.recorded = 0

    async def adopt(self, *, dry_run: bool) -> AdoptReport:
        """Compare all unknown files; adopt them unless `dry_run` or contradicted."""
        compared = await self.compare_folder()
        await self.count_foreign_rows()
        if not dry_run and not self.report.contradictions:
            await self.share_identity()
            await self.context.sealer.seal()
            await self.seal_foreign_rows()
            for comparison in compared:
                await self.adopt_file(comparison)
        return self.report

    async def count_foreign_rows(self) -> None:
        async with self.context.database.reading() as session:
            for log in LOGS.values():
                if count := await OrderRepository(session, log).count_foreign():
                    self.report.foreign[log.name] = count

    async def seal_foreign_rows(self) -> None:
        for log in LOGS.values():
            if count := await self.context.sealer.seal_foreign_rows(log):
                async with self.context.database.writing() as session:
                    details = {"unsealed": count}
                    await record_action(session, log.live.name, "adopted", details)

    async def compare_folder(self) -> list[Comparison]:
        async with self.context.database.reading() as session:
            self.own = await read_archive_id(session)
        if error := find_foreign_error(self.context.store, self.found, self.own):
            self.report.add_contradiction(IDENTITY_FILE, error)
            return []
        candidates = await self.list_candidates()
        compared = [Comparison(self.context, candidate) for candidate in candidates]
        for comparison in compared:
            await self.compare_file(comparison)
        has_shared = self.recorded or any(each.live for each in self.report.files)
        if candidates and not has_shared and None in (self.found, self.own):
            self.report.add_contradiction(self.context.store.location, UNRELATED)
        return compared

    async def list_candidates(self) -> list[Candidate]:
        found = []
        for log in LOGS.values():
            finder = CandidateFinder(self.context, log, self.report)
            found += await finder.list_candidates()
            self.recorded += finder.recorded
        return found

    async def compare_file(self, comparison: Comparison) -> None:
        path, archive = comparison.candidate.path, self.found or self.own
        try:
            error = comparison.find_manifest_error(path, archive)
            if error is None:
                self.report.files.append(await comparison.compare_rows())
        except (VerificationException, OSError) as failure:
            error = str(failure)
        if error:
            self.report.add_contradiction(path, error)

    async def share_identity(self) -> None:
        """Give the database the folder's id if it has none, or the other way round.

        Raises:
            VerificationException: the application has given it another one meanwhile.
        """
        async with self.context.database.writing() as session:
            await lock_identity(session)
            if self.found and not await read_archive_id(session):
                await add_archive_id(session, self.found)
            archive = await get_archive_id(session)
            if error := find_foreign_error(self.context.store, self.found, archive):
                raise VerificationException(error)
        if self.found is None:
            write_identity(self.context.store, archive)

    async def adopt_file(self, comparison: Comparison) -> None:
        """Seal the rows that are not live, and record the file as verified."""
        candidate, sealer, late = comparison.candidate, self.context.sealer, 0
        async for batch in comparison.read_batches():
            if batch.late:
                late += len(batch.late)
                await sealer.seal_late_rows(candidate.log, batch.late)
            self.context.progress.report_rows(len(batch.rows))
        await self.record_file(candidate, late)
        self.context.progress.report_step("adopted", candidate.manifest.name)

    async def record_file(self, candidate: Candidate, late: int) -> None:
        manifest, log = candidate.manifest, candidate.log
        context = self.context
        write_adoption(context.store, context.sealer.signer, candidate.signed)
        async with self.context.database.writing() as session:
            files = FileRepository(session)
            file = candidate.record or AuditArchive(
                log=log.name,
                day=manifest.day,
                number=manifest.number,
                sequence=await files.next_sequence(log),
            )
            values = record_values(candidate.signed) | {"adopted_at": now()}
            await files.save_file(file.sqlmodel_update(values))
            details = {"file": manifest.data_path, "rows": manifest.count, "late": late}
            await record_action(session, log.live.name, "adopted", details)
