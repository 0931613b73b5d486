"""Export of a log: pages of rows, each with the cursor after it.

Rows come in the order in which they were settled, so that none is missed by an export
that goes on from the last cursor, and memory holds one page.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple

from app.audit.archive.canonical import Row
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import MIN_KEY, Log
from app.audit.archive.seals.batch import position_of
from app.audit.archive.seals.cursor import START
from app.audit.cursors import (
    decode_cursor,
    decode_position,
    encode_cursor,
    encode_position,
)
from app.audit.export.exceptions import ForeignCursorException
from app.audit.export.repository import ExportRepository, Span, as_stored
from app.audit.settled.repository import SettledRepository
from app.core.clock import EPOCH
from app.core.db.database import Database

PAGE_ROWS = 500


class ExportPage(NamedTuple):
    """Rows, and the cursor after them; it is that before them where none can be."""

    rows: list[Row]
    cursor: str


class LogExporter:
    def __init__(self, database: Database, log: Log, span: Span) -> None:
        self.database, self.log, self.span = database, log, span

    async def pages(self, cursor: str) -> AsyncIterator[ExportPage]:
        """Yield what was committed when the export began. Without a cursor: all."""
        end = await self.get_end(cursor)
        if not cursor:
            async for page in self.unordered():
                yield page
        if "-" not in cursor:  # or else it is behind those without a number
            async for page in self.unnumbered(cursor):
                yield page
                cursor = page.cursor
            cursor = ""
        position = decode_position(cursor) if cursor else START
        while True:
            async with self.database.reading() as session:
                order = ExportRepository(session, self.log, self.span)
                rows = await order.read_settled(position, end, PAGE_ROWS)
            if not rows:
                return
            position = position_of(rows[-1])
            yield ExportPage([*map(as_stored, rows)], encode_position(position))

    async def get_end(self, cursor: str) -> int:
        """Return the number at which the export ends, though the log grows meanwhile.

        Raises:
            ForeignCursorException: the cursor is beyond it.
        """
        async with self.database.reading() as session:
            order = ExportRepository(session, self.log, self.span)
            settled, end = (await order.get_horizon()).settled, await order.get_end()
        if "-" in cursor and decode_position(cursor).transaction_id >= settled:
            raise ForeignCursorException
        return end

    async def unordered(self) -> AsyncIterator[ExportPage]:
        async with self.database.reading() as session:
            order = ExportRepository(session, self.log, self.span)
            rows = await order.read_unordered()
        if rows:
            yield ExportPage(rows, "")

    async def unnumbered(self, cursor: str) -> AsyncIterator[ExportPage]:
        """Yield the rows that are older than the numbers."""
        key = decode_cursor(cursor) if cursor else MIN_KEY
        while True:
            async with self.database.reading() as session:
                order = ExportRepository(session, self.log, self.span)
                rows = await order.read_unnumbered(key, PAGE_ROWS)
            if not rows:
                return
            key = rows[-1]["at"], rows[-1]["id"]
            yield ExportPage(rows, encode_cursor(*key))

    async def has_archived(self, cursor: str, reached: str = "") -> bool:
        """Return whether rows to export may be in cold storage only.

        After an export, `reached` is the cursor after its last row.
        """
        since = self.span[0] or EPOCH
        async with self.database.reading() as session:
            if "-" not in cursor:
                files = await FileRepository(session).list_files(self.log)
                return any(it.last_at and it.last_at >= since for it in files)
            position, until = map(decode_position, (cursor, reached or cursor))
            settled = SettledRepository(session)
            return await settled.is_archived(position, until, self.log)
