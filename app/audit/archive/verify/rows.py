"""Verification that each sealed row exists once and unchanged, and no other row."""

from collections.abc import AsyncIterator, Iterator
from uuid import UUID

from app.audit.archive.canonical import MALFORMED, decode_row, encode_row, row_key
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import MAX_ID, MIN_KEY, Log, LogRange
from app.audit.archive.plan import upper_time_bound
from app.audit.archive.repository import LogRepository
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.tree.merkle import leaf_hash
from app.audit.archive.verify.files import ArchivedFile
from app.audit.archive.verify.report import FindingKind, VerificationReport
from app.audit.archive.verify.window import Match, StoredRow, WindowLeaves

WINDOW_SEALS = 100  # seals compared at once; bounds the memory used


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
        leaves = await self.read_leaves(log_range)
        pruning: set[UUID] = set()
        for file in files:
            for found in self.read_archived_rows(log_range, file):
                self.compare_row(found, leaves)
                if file.pruning:
                    pruning.add(found.id)
        async for found in self.read_live_rows(log_range):
            # While a file is pruned, its rows are in both places, and equal.
            if found.id not in pruning or not leaves.has_seen(found):
                self.compare_row(found, leaves)
        for id in leaves.unseen_ids():
            self.report.add_finding(
                FindingKind.MISSING, id, f"not in {self.log.live.name} or a file"
            )
        self.context.progress.report_rows(leaves.count)

    async def read_leaves(self, log_range: LogRange) -> WindowLeaves:
        window = WindowLeaves()
        async with self.context.database.reading() as session:
            leaves = SealRepository(session).read_leaves(self.log, log_range)
            async for key, leaf in leaves:
                if log_range.after < key <= log_range.until:
                    window.add_leaf(leaf)
        return window

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
        except (VerificationException, OSError, *MALFORMED):
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

    def compare_row(self, found: StoredRow, leaves: WindowLeaves) -> None:
        match leaves.take(found):
            case Match.UNKNOWN if self.log.may_be_late:
                self.report.late += 1
            case Match.UNKNOWN:
                self.add_finding(FindingKind.EXTRA, found, "never sealed")
            case Match.DUPLICATE:
                self.add_finding(FindingKind.EXTRA, found, "a duplicate")
            case Match.DIFFERENT:
                self.add_finding(FindingKind.MODIFIED, found, "not as it was sealed")

    def add_finding(self, kind: FindingKind, found: StoredRow, detail: str) -> None:
        self.report.add_finding(kind, found.id, f"in {found.where}: {detail}")
