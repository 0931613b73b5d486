"""Verification that each sealed row exists once and unchanged, and no other row."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

from app.audit.archive.canonical import decode_row, encode_row, row_key
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import MAX_ID, MIN_KEY, Log, LogRange
from app.audit.archive.plan import upper_time_bound
from app.audit.archive.repository import LogRepository
from app.audit.archive.seals.merkle import leaf_hash
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.verify.files import ArchivedFile
from app.audit.archive.verify.report import FindingKind, VerificationReport

WINDOW_SEALS = 100  # seals compared at once; bounds the memory used


@dataclass(frozen=True, slots=True)
class StoredRow:
    id: UUID
    digest: bytes
    where: str


class RowVerifier:
    """Compare the live and archived rows of one log with its seals."""

    def __init__(
        self, context: ArchiveContext, log: Log, report: VerificationReport
    ) -> None:
        self.context = context
        self.log = log
        self.report = report

    async def verify_rows(self, files: list[ArchivedFile]) -> None:
        for log_range in await self.list_windows():
            await self.verify_window(log_range, files)
        async with self.context.database.reading() as session:
            sealed_until = await SealRepository(session).get_sealed_until(self.log)
            newer = LogRange(sealed_until, (upper_time_bound(), MAX_ID))
            self.report.unsealed += await LogRepository(session, self.log).count_rows(
                newer
            )

    async def list_windows(self) -> list[LogRange]:
        async with self.context.database.reading() as session:
            ends = await SealRepository(session).list_last_keys(self.log)
        bounds = [*ends[WINDOW_SEALS - 1 : -1 : WINDOW_SEALS], *ends[-1:]]
        return [
            LogRange(*pair) for pair in zip([MIN_KEY, *bounds], bounds, strict=False)
        ]

    async def verify_window(
        self, log_range: LogRange, files: list[ArchivedFile]
    ) -> None:
        expected = await self.read_expected(log_range)
        unmatched = dict(expected)
        pruning: set[UUID] = set()
        for file in files:
            for found in self.read_archived_rows(log_range, file):
                self.compare_row(found, expected, unmatched)
                if file.pruning:
                    pruning.add(found.id)
        async for found in self.read_live_rows(log_range):
            if found.id in pruning and found.id in expected:
                # Both copies are legitimate, and each has to be what was sealed.
                unmatched[found.id] = expected[found.id]
            self.compare_row(found, expected, unmatched)
        for id in unmatched:
            self.report.add_finding(
                FindingKind.MISSING, id, f"not in {self.log.live.name} or a file"
            )
        self.context.progress.report_rows(len(expected))

    async def read_expected(self, log_range: LogRange) -> dict[UUID, bytes]:
        async with self.context.database.reading() as session:
            leaves = SealRepository(session).read_leaves(self.log, log_range)
            return {
                each.id: each.digest
                async for each in leaves
                if log_range.after < each.key <= log_range.until
            }

    def read_archived_rows(
        self, log_range: LogRange, file: ArchivedFile
    ) -> Iterator[StoredRow]:
        if not file.manifest.overlaps(log_range):
            return
        try:
            for line in self.context.store.read_lines(file.manifest.data_path):
                key = row_key(decode_row(line))
                if log_range.after < key <= log_range.until:
                    self.report.cold += 1
                    yield StoredRow(key[1], leaf_hash(line), file.manifest.data_path)
        except (VerificationException, FileNotFoundError, ValueError):
            # FileVerifier reports the file; its remaining rows are reported missing.
            return

    async def read_live_rows(self, log_range: LogRange) -> AsyncIterator[StoredRow]:
        while True:
            async with self.context.database.reading() as session:
                rows = LogRepository(session, self.log)
                page = await rows.read_page(log_range, self.context.batch_size)
            for row in page:
                self.report.live += 1
                yield StoredRow(
                    row["id"], leaf_hash(encode_row(row)), self.log.live.name
                )
            if not page:
                return
            log_range = LogRange((page[-1]["at"], page[-1]["id"]), log_range.until)

    def compare_row(
        self,
        found: StoredRow,
        expected: dict[UUID, bytes],
        unmatched: dict[UUID, bytes],
    ) -> None:
        sealed = expected.get(found.id)
        if sealed is None and self.log.may_be_late:
            self.report.late += 1
        elif sealed is None:
            self.report.add_finding(
                FindingKind.EXTRA, found.id, f"in {found.where}, but never sealed"
            )
        elif unmatched.pop(found.id, None) is None:
            self.report.add_finding(
                FindingKind.EXTRA, found.id, f"duplicate in {found.where}"
            )
        elif sealed != found.digest:
            self.report.add_finding(FindingKind.MODIFIED, found.id, f"in {found.where}")
