"""Queries on the change log and the access log, newest first."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Table,
    case,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)

from app.audit.archive import logs
from app.audit.archive.canonical import RowKey
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.rows.reading import read_log
from app.audit.cursor_pages import CompletePage, CursorPage
from app.audit.cursors import decode_cursor, decode_position, encode_position
from app.audit.id_bounds import id_bounds
from app.audit.models import FIRST_ERROR
from app.audit.schemas import AccessQuery, ChangeQuery, LogQuery
from app.audit.settled.exceptions import ChangesArchivedException
from app.audit.settled.repository import SettledRepository
from app.audit.shown.pages import is_readable, read_page
from app.core.clock import EPOCH
from app.core.db.driver.compiled import Row
from app.core.db.session import DatabaseSession

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MAX_REQUEST_ROWS = 200  # of each log, for one request

CHANGES, ACCESSES = logs.CHANGES.live, logs.ACCESSES.live
RESTORED = {log.live: log.restored for log in logs.LOGS.values()}


class AuditRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def list_changes(self, query: ChangeQuery) -> CursorPage[Any]:
        settled = SettledRepository(self.session)
        # Asked before: what commits in between may be on the page, too.
        complete = await settled.get_complete()
        page = await self._list_page(CHANGES, query)
        # Asked after: what a run has archived in between is not on the page.
        if query.after and not await settled.can_follow(
            decode_position(query.after), complete
        ):
            raise ChangesArchivedException
        cursor = encode_position(complete)
        return CompletePage.model_construct(**vars(page), complete_until=cursor)

    async def list_accesses(self, query: AccessQuery) -> CursorPage[Any]:
        return await self._list_page(ACCESSES, query)

    async def request_changes(self, request_id: str) -> tuple[list[Row], bool]:
        """Return the newest changes of a request id, and whether there are more."""
        return await self._first_rows(CHANGES, request_id)

    async def request_accesses(self, request_id: str) -> tuple[list[Row], bool]:
        """Return accesses of a request id, newest first, and whether there are more.

        Another client can send the same id. So the limit takes first the requests of
        users who changed something with it.
        """
        authors = select(CHANGES.c.actor_id).where(CHANGES.c.request_id == request_id)
        writes = ACCESSES.c.method.not_in(SAFE_METHODS)
        has_changed = writes & ACCESSES.c.user_id.in_(authors)
        first = case((has_changed, 0), else_=1)
        rows, has_more = await self._first_rows(ACCESSES, request_id, first)
        return sorted(rows, key=sort_key, reverse=True), has_more

    async def _first_rows(
        self, table: Table, request_id: str, *first: ColumnElement[int]
    ) -> tuple[list[Row], bool]:
        query = select(table).where(table.c.request_id == request_id)
        ordered = query.order_by(*first, *newest_first(table))
        rows = await read_log(self.session, ordered.limit(MAX_REQUEST_ROWS + 1))
        return rows[:MAX_REQUEST_ROWS], len(rows) > MAX_REQUEST_ROWS

    async def archived_until(self, entity: str, id: UUID) -> datetime | None:
        """Return the time before which changes may be in cold storage only."""
        return await FileRepository(self.session).archived_until(entity, id)

    async def _list_page(self, log: Table, query: LogQuery) -> CursorPage[Any]:
        table = from_clause(log, query.include)
        where = [*conditions(table, query)]
        if log is ACCESSES and self.session.dialect.name == "postgresql":
            where += id_bounds(table.c.id, query)
        found = select(table).where(*where).order_by(*newest_first(table))
        items, cursor = await read_page(self.session, found, query.limit)
        return CursorPage.model_construct(items=items, next=cursor)


def from_clause(log: Table, include: str | None) -> FromClause:
    """Return the log's table; with `include`, a union with its restored rows."""
    if include is None:
        return log
    restored = RESTORED[log]
    live = select(log.c.id).where(log.c.id == restored.c.id)
    copies = select(restored).where(~live.exists())
    return union_all(select(log), copies).subquery()


def sort_key(row: Row) -> RowKey:
    return (row["at"], row["id"]) if is_readable(row) else (EPOCH, logs.MIN_ID)


def newest_first(table: FromClause) -> tuple[ColumnElement[Any], ...]:
    return table.c.at.desc(), table.c.id.desc()


def conditions(table: FromClause, query: LogQuery) -> Iterator[ColumnElement[bool]]:
    filters = query.filters()
    for name, value in filters.items():
        yield table.c[name] == value
    if filters.get("status", 0) >= FIRST_ERROR:
        # Without a parameter, so that the database can use the index of errors.
        yield table.c.status >= literal_column(str(FIRST_ERROR))
    if query.since:
        yield table.c.at >= query.since
    if query.until:
        yield table.c.at < query.until
    if isinstance(query, ChangeQuery) and query.after:
        last, number = decode_position(query.after), table.c.transaction_id
        yield number >= last.transaction_id
        yield or_(number > last.transaction_id, table.c.id > last.row_id)
    if query.cursor:
        at, id = decode_cursor(query.cursor)
        # An index on `at` serves the first condition; the second one is exact.
        yield table.c.at <= at
        yield tuple_(table.c.at, table.c.id) < tuple_(at, id)
