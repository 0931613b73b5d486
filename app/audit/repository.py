"""Queries on the two logs, newest first."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Table, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive import logs
from app.audit.archive.files.repository import FileRepository
from app.audit.cursors import read_cursor, write_cursor
from app.audit.schemas import AccessQuery, ChangeQuery, CursorPage, LogQuery

MOST = 200  # rows of one request on its page

CHANGES, ACCESSES = logs.CHANGES.live, logs.ACCESSES.live
RESTORED = {log.live: log.restored for log in logs.LOGS.values()}


class AuditRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def changes(self, query: ChangeQuery) -> CursorPage[Any]:
        return await self._page(CHANGES, query)

    async def accesses(self, query: AccessQuery) -> CursorPage[Any]:
        return await self._page(ACCESSES, query)

    async def of_request(self, table: Table, request_id: str) -> list[Any]:
        query = select(table).where(table.c.request_id == request_id)
        newest = query.order_by(*latest(table)).limit(MOST)
        return list(await self.session.execute(newest))

    async def archived_until(self, entity: str, id: UUID) -> datetime | None:
        """Say until when this record's changes may be in cold storage only."""
        return await FileRepository(self.session).archived_until(entity, id)

    async def _page(self, log: Table, query: LogQuery) -> CursorPage[Any]:
        table = source(log, query.include)
        # One more than asked for tells whether there is more.
        rows = list(
            await self.session.execute(
                select(table)
                .where(*conditions(table, query))
                .order_by(*latest(table))
                .limit(query.limit + 1)
            )
        )
        shown, rest = rows[: query.limit], rows[query.limit :]
        cursor = write_cursor(shown[-1].at, shown[-1].id) if rest else None
        return CursorPage.model_construct(items=shown, next=cursor)


def source(log: Table, include: str | None) -> FromClause:
    """Return a log's live rows, or these and what was brought back to be read."""
    if include is None:
        return log
    restored = RESTORED[log]
    live = select(log.c.id).where(log.c.id == restored.c.id)
    copies = select(restored).where(~live.exists())
    return union_all(select(log), copies).subquery()


def latest(table: FromClause) -> tuple[ColumnElement[Any], ...]:
    return table.c.at.desc(), table.c.id.desc()


def conditions(table: FromClause, query: LogQuery) -> Iterator[ColumnElement[bool]]:
    for name, value in query.filters().items():
        yield table.c[name] == value
    if query.since:
        yield table.c.at >= query.since
    if query.until:
        yield table.c.at < query.until
    if query.cursor:
        instant, id = read_cursor(query.cursor)
        # The first line is what an index on `at` can use; the second is exact.
        yield table.c.at <= instant
        yield tuple_(table.c.at, table.c.id) < tuple_(instant, id)
