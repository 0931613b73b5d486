"""Is every sealed row where it was, as it was, and no other among them?"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

from app.audit.archive.canonical import from_line, key_of, to_line
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import BEGINNING, HIGHEST, Log, LogRange
from app.audit.archive.plan import later
from app.audit.archive.repository import LogRepository
from app.audit.archive.seals.merkle import leaf_hash
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.verify.files import ColdFile
from app.audit.archive.verify.report import Kind, Report

WINDOW = 100  # seals whose rows are compared at once: so many fit into memory


@dataclass(frozen=True, slots=True)
class Found:
    id: UUID
    digest: bytes
    where: str


class RowCheck:
    """Compares one log with its seals, across the border of live and cold."""

    def __init__(self, context: ArchiveContext, log: Log, report: Report) -> None:
        self.context = context
        self.log = log
        self.report = report

    async def check(self, files: list[ColdFile]) -> None:
        for span in await self.windows():
            await self.check_window(span, files)
        async with self.context.database.reading() as session:
            mark = await SealRepository(session).mark(self.log)
            newer = LogRange(mark, (later(), HIGHEST))
            self.report.unsealed += await LogRepository(session, self.log).count(newer)

    async def windows(self) -> list[LogRange]:
        async with self.context.database.reading() as session:
            ends = await SealRepository(session).ends(self.log)
        chosen = [*ends[WINDOW - 1 : -1 : WINDOW], *ends[-1:]]
        return [
            LogRange(*pair) for pair in zip([BEGINNING, *chosen], chosen, strict=False)
        ]

    async def check_window(self, span: LogRange, files: list[ColdFile]) -> None:
        expected = await self.expected(span)
        left = dict(expected)
        pruning: set[UUID] = set()
        for file in files:
            for found in self.cold_rows(span, file):
                self.compare(found, expected, left)
                if file.pruning:
                    pruning.add(found.id)
        async for found in self.live_rows(span):
            if found.id not in pruning:
                self.compare(found, expected, left)
        for id in left:
            self.report.add(Kind.MISSING, id, f"sealed, and gone from {self.log.name}")
        self.context.progress.rows(len(expected))

    async def expected(self, span: LogRange) -> dict[UUID, bytes]:
        async with self.context.database.reading() as session:
            leaves = SealRepository(session).leaves(self.log, span)
            return {
                each.id: each.digest
                async for each in leaves
                if span.after < each.key <= span.until
            }

    def cold_rows(self, span: LogRange, file: ColdFile) -> Iterator[Found]:
        if not file.manifest.overlaps(span):
            return
        try:
            for line in self.context.store.lines(file.manifest.file):
                key = key_of(from_line(line))
                if span.after < key <= span.until:
                    self.report.cold += 1
                    yield Found(key[1], leaf_hash(line), file.manifest.file)
        except (VerificationException, FileNotFoundError, ValueError):
            # The check of the files has named it; its rows are missed below.
            return

    async def live_rows(self, span: LogRange) -> AsyncIterator[Found]:
        while True:
            async with self.context.database.reading() as session:
                rows = LogRepository(session, self.log)
                page = await rows.page(span, self.context.batch_size)
            for row in page:
                self.report.live += 1
                yield Found(row["id"], leaf_hash(to_line(row)), "the live table")
            if not page:
                return
            span = LogRange((page[-1]["at"], page[-1]["id"]), span.until)

    def compare(
        self, found: Found, expected: dict[UUID, bytes], left: dict[UUID, bytes]
    ) -> None:
        sealed = expected.get(found.id)
        if sealed is None and self.log.may_be_late:
            self.report.late += 1
        elif sealed is None:
            self.report.add(Kind.EXTRA, found.id, f"in {found.where}, never sealed")
        elif left.pop(found.id, None) is None:
            self.report.add(Kind.EXTRA, found.id, f"once more in {found.where}")
        elif sealed != found.digest:
            self.report.add(Kind.MODIFIED, found.id, f"in {found.where}")
