"""Verification that each sealed row exists once and unchanged, and no other row."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from uuid import UUID

from app.audit.archive.canonical import MALFORMED, decode_row, encode_row, row_key
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import MAX_KEY, MIN_KEY, LogRange
from app.audit.archive.rows.reading import key_of
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.tree.merkle import leaf_hash
from app.audit.archive.verify.files import ArchivedFile
from app.audit.archive.verify.leaves import LeafVerifier
from app.audit.archive.verify.report import FindingKind
from app.audit.archive.verify.restored import RestoredVerifier
from app.audit.archive.verify.tree import TreeVerifier
from app.audit.archive.verify.unsealed import UnsealedRows
from app.audit.archive.windows.pages import RowPages
from app.audit.archive.windows.window import Match, StoredRow, WindowLeaves

WINDOW_ROWS = 50_000  # rows compared at once; bounds the memory used


class RowVerifier:
    """Compare the live and archived rows of one log with its seals.

    `proven` are the seals whose leaves lead to what was signed.
    """

    def __init__(
        self, archived: LeafVerifier, tree: TreeVerifier, proven: Collection[int]
    ) -> None:
        self.archived = archived
        self.context = archived.context
        self.log = tree.log
        self.report = tree.report
        self.suspect = tree.suspect
        self.proven = proven
        self.again = Counter[int]()
        self.unsealed = UnsealedRows(self.log, self.report)
        self.restored = RestoredVerifier(self.context, self.log, self.report)

    async def verify_rows(self, files: list[ArchivedFile]) -> None:
        async with self.context.database.reading() as session:
            await self.unsealed.read_cursor(session)
        for log_range in await self.list_windows():
            await self.verify_window(log_range, files)
        for number, count in sorted(self.again.items()):
            detail = f"{count} of its rows were sealed before, by earlier seals"
            self.report.add_finding(FindingKind.SEAL_REPEATED, number, detail)

    async def list_windows(self) -> list[LogRange]:
        """Return ranges that together are the whole log, for all times there are."""
        async with self.context.database.reading() as session:
            ends = await SealRepository(session).list_last_keys(self.log)
        bounds, rows = [MIN_KEY], 0
        for key, count in ends:
            rows += count
            if rows >= WINDOW_ROWS and key > bounds[-1]:
                bounds.append(key)
                rows = 0
        return [
            LogRange(*pair) for pair in zip(bounds, [*bounds[1:], MAX_KEY], strict=True)
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
        async for found in self.read_all_rows(log_range):
            # While a file is pruned, its rows are in both places, and equal.
            if found.id not in pruning or not leaves.has_seen(found):
                self.compare_row(found, leaves)
        for id in leaves.unseen_ids():
            self.report.add_finding(
                FindingKind.MISSING, id, f"not in {self.log.live.name} or a file"
            )
        await self.restored.verify_rows(log_range, leaves)
        self.again += leaves.count_again()
        self.context.progress.report_rows(leaves.count)

    async def read_leaves(self, log_range: LogRange) -> WindowLeaves:
        window = WindowLeaves(self.proven)
        async with self.context.database.reading() as session:
            seals = SealRepository(session)
            leaves = seals.read_leaves(self.log, log_range, self.archived.read)
            async for seal, key, leaf in leaves:
                if log_range.after < key <= log_range.until:
                    window.add_leaf(seal, leaf)
        window.add_unproven()
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
                    yield StoredRow(key, leaf_hash(line), file.manifest.data_path)
        except (VerificationException, OSError, *MALFORMED):
            # FileVerifier reports the file; its remaining rows are reported missing.
            return

    async def read_all_rows(self, log_range: LogRange) -> AsyncIterator[StoredRow]:
        """Yield the live rows of a window, and those without a time if it is theirs."""
        pages = RowPages(self.context, self.log, self.log.live)
        async for page in pages.read(log_range):
            async with self.context.database.reading() as session:
                await self.unsealed.read_horizon(session)
            for row in page:
                self.report.live += 1
                key, digest = key_of(row), leaf_hash(encode_row(row))
                where, number = self.log.live.name, row["transaction_id"]
                yield StoredRow(key, digest, where, number)
        if pages.is_damaged:
            self.report.unreadable.append(self.log.live.name)

    def compare_row(self, found: StoredRow, leaves: WindowLeaves) -> None:
        match leaves.take(found):
            case Match.UNKNOWN if error := self.unsealed.find_error(found):
                self.add_finding(FindingKind.EXTRA, found, error)
            case Match.DUPLICATE:
                self.add_finding(FindingKind.EXTRA, found, "a duplicate")
            case Match.DIFFERENT:
                self.add_finding(FindingKind.MODIFIED, found, "not as it was sealed")
            case Match.EQUAL if number := self.suspect.get(found.id):
                detail = f"changed, together with its leaf in seal {number}"
                self.add_finding(FindingKind.MODIFIED, found, detail)

    def add_finding(self, kind: FindingKind, found: StoredRow, detail: str) -> None:
        self.report.add_finding(kind, found.id, f"in {found.where}: {detail}")
