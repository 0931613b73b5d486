"""Rows of a table of a log, page by page, with those whose time cannot be read."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import Table

from app.audit.archive.canonical import Row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import MIN_ID, Log, LogRange
from app.audit.archive.repository import LogRepository
from app.audit.archive.rows.odd import OddRowRepository
from app.audit.archive.rows.reading import RowsAsStored, key_of
from app.core.clock import EPOCH


class RowPages:
    """`is_damaged`: some value was not as the application writes it."""

    def __init__(self, context: ArchiveContext, log: Log, table: Table) -> None:
        self.context = context
        self.log = log
        self.table = table
        self.is_damaged = False

    async def read(self, log_range: LogRange) -> AsyncIterator[list[Row]]:
        """Yield the rows of the range, those without a time at that of their leaf."""
        rest = log_range
        while page := await self.read_page(rest):
            self.is_damaged |= isinstance(page, RowsAsStored)
            yield page
            rest = LogRange((page[-1]["at"], page[-1]["id"]), rest.until)
        id = MIN_ID
        if not log_range.after[0] <= EPOCH <= log_range.until[0]:
            return
        while page := await self.read_page_without_time(id):
            self.is_damaged = True
            yield [r for r in page if log_range.after < key_of(r) <= log_range.until]
            id = page[-1]["id"]

    async def read_page(self, log_range: LogRange) -> list[Row]:
        async with self.context.database.reading() as session:
            rows = LogRepository(session, self.log, self.table)
            return await rows.read_page(log_range, self.context.batch_size)

    async def read_page_without_time(self, after: UUID) -> list[Row]:
        async with self.context.database.reading() as session:
            rows = OddRowRepository(session, self.table)
            return await rows.read_without_time(after, self.context.batch_size)
