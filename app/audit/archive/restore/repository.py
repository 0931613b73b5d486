"""Queries on restored rows."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    LargeBinary,
    String,
    Table,
    cast,
    literal,
    select,
)
from sqlalchemy import delete as delete_from

from app.audit.archive.canonical import Row, encode_row
from app.audit.archive.logs import Log
from app.audit.archive.repository import LogRepository
from app.core.db.json_text import InvalidJson
from app.core.db.session import DatabaseSession
from app.core.db.upsert import upsert
from app.core.text import is_utf8


class RestoredRepository:
    def __init__(self, session: DatabaseSession, log: Log) -> None:
        self.session = session
        self.log = log
        self.table = log.restored

    async def put_rows(self, rows: Mapping[bytes, Row]) -> int:
        """Insert rows, given by line; return how many replaced a row that differed."""
        stored = LogRepository(self.session, self.log, self.table)
        found = await stored.read_by_ids([row["id"] for row in rows.values()])
        differing = [row["id"] for row in found if encode_row(row) not in rows]
        await self.delete_by_ids(differing)
        query = upsert(self.session, self.table).on_conflict_do_nothing()
        plain = []
        for row in rows.values():
            if odd := odd_values(self.table, row):
                await self.session.execute(query.values(row | odd))
            else:
                plain.append(row)
        if plain:
            await self.session.execute(query, plain)
        return len(differing)

    async def delete_by_ids(self, ids: Sequence[UUID]) -> None:
        if ids:
            chosen = LogRepository(self.session, self.log, self.table).has_id(ids)
            await self.session.execute(delete_from(self.table).where(chosen))

    async def delete_rows(self, limit: int) -> int:
        """Delete up to `limit` rows; return their number."""
        some = select(self.table.c.id).limit(limit)
        result = await self.session.execute(
            delete_from(self.table).where(self.table.c.id.in_(some))
        )
        return int(getattr(result, "rowcount", 0))


def odd_values(table: Table, row: Row) -> dict[str, Any]:
    """Return those values that only SQL can insert: SQLite stores any in any column."""
    found = {name: stored_as(table.c[name].type, value) for name, value in row.items()}
    return {name: value for name, value in found.items() if value is not None}


def stored_as(kind: Any, value: Any) -> ColumnElement[Any] | None:
    stored = value.stored if isinstance(value, InvalidJson) else value
    if isinstance(stored, bytes):
        return literal(stored, LargeBinary)
    if isinstance(stored, float) and not isinstance(kind, Float):
        return literal(stored, Float)
    if not isinstance(stored, str) or (is_utf8(stored) and not isinstance(kind, Float)):
        return None
    encoded = stored.encode("utf-8", "surrogateescape")
    return cast(literal(encoded, LargeBinary), String)
