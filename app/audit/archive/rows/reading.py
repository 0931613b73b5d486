"""Rows of a log as they are stored, also with values that no column accepts.

Only a write past the application stores what a column's type does not accept. Such a
value is read as it is: a row is sealed by its bytes, and none stops the reading.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import NULLTYPE, Uuid

from app.audit.archive.canonical import MALFORMED, Row, RowKey
from app.core.clock import EPOCH
from app.core.db.sqlite.spelling import Bytes, IsTime, IsUuid

UNREADABLE = (*MALFORMED, ArithmeticError)
TIME_BYTES = "at_bytes"


class RowsAsStored(list[Row]):
    """Rows of which some value could not be converted to its column's type."""


async def read_rows(session: AsyncSession, query: Select[Any]) -> list[Row]:
    """Return the rows of a query; `at` must be readable, or read as its bytes."""
    try:
        found = await session.execute(query)
        names = [str(name) for name in found.keys()]  # noqa: SIM118  orjson: no subclass
        return [dict(zip(names, row, strict=True)) for row in found]
    except UNREADABLE:
        return await read_as_stored(session, query)


async def read_as_stored(session: AsyncSession, query: Select[Any]) -> RowsAsStored:
    columns = {column.name: column for column in query.selected_columns}
    stored = [type_coerce(column, NULLTYPE) for column in columns.values()]
    dialect = session.get_bind().dialect
    convert = {
        name: column.type.dialect_impl(dialect).result_processor(dialect, None)
        for name, column in columns.items()
    }
    found = await session.execute(query.with_only_columns(*stored))
    return RowsAsStored(
        {
            name: try_to_convert(convert[name], value)
            for name, value in zip(columns, row, strict=True)
        }
        for row in found
    )


def try_to_convert(convert: Any, value: Any) -> Any:
    try:
        return convert(value) if convert and value is not None else value
    except UNREADABLE:
        return value


def has_key(table: Table) -> ColumnElement[bool]:
    """Match rows whose time and id can be read, and so be ordered."""
    return and_(IsTime(table.c.at), IsUuid(table.c.id))


def has_ids(table: Table) -> ColumnElement[bool]:
    """Match rows whose ids, apart from their own, are none or can be read."""
    ids = (c for c in table.c if isinstance(c.type, Uuid) and not c.primary_key)
    return and_(*(or_(id.is_(None), IsUuid(id)) for id in ids))


def select_any_time(table: Table) -> Select[Any]:
    """Return a query of rows that need no time: see `with_time`."""
    at = table.c.at
    columns = [c for c in table.c if c is not at]
    readable = case((IsTime(at), at)).label(at.name)
    stored = case((not_(IsTime(at)), Bytes(at))).label(TIME_BYTES)
    return select(*columns, readable, stored)


def with_time(rows: list[Row]) -> Iterator[Row]:
    """Yield rows with their time, or with its bytes as text."""
    for row in rows:
        stored = row.pop(TIME_BYTES)
        yield row if stored is None else row | {"at": stored}


def key_of(row: Row) -> RowKey:
    """Return the key by which a row is sealed: without a time, that of the epoch."""
    at = row["at"]
    return (EPOCH if isinstance(at, str) else at), row["id"]
