"""Verification of the restored rows: each is as it was sealed."""

from collections.abc import AsyncIterator

from app.audit.archive.canonical import encode_row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.rows.reading import key_of
from app.audit.archive.tree.merkle import leaf_hash
from app.audit.archive.verify.report import FindingKind, VerificationReport
from app.audit.archive.windows.pages import RowPages
from app.audit.archive.windows.window import StoredRow, WindowLeaves


class RestoredVerifier:
    """Compare the copies that `restore` has made of one log with its leaves.

    Their table has no triggers, and the API shows its rows.
    """

    def __init__(
        self, context: ArchiveContext, log: Log, report: VerificationReport
    ) -> None:
        self.context = context
        self.log = log
        self.report = report

    async def verify_rows(self, log_range: LogRange, leaves: WindowLeaves) -> None:
        if not self.report.can_read(self.log.restored):
            return
        async for found in self.read_rows(log_range):
            self.report.restored += 1
            if leaves.has(found):
                continue
            kind, detail = FindingKind.EXTRA, "not a copy of an archived row"
            if found.id in leaves.rows:
                kind, detail = FindingKind.MODIFIED, "not as it was sealed"
            where = f"in {found.where}: {detail}. `restore` replaces it"
            self.report.add_finding(kind, found.id, where)

    async def read_rows(self, log_range: LogRange) -> AsyncIterator[StoredRow]:
        table = self.log.restored
        pages = RowPages(self.context, self.log, table)
        async for page in pages.read(log_range):
            for row in page:
                yield StoredRow(key_of(row), leaf_hash(encode_row(row)), table.name)
        if pages.is_damaged:
            self.report.unreadable.append(table.name)
