"""Rows of a log as they are stored, also with values that no column accepts.

Only a write past the application stores what a column's type does not accept. Such a
value is read as it is: a row is sealed by its bytes, and none stops the reading.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import NULLTYPE, Uuid

from app.audit.archive.canonical import MALFORMED, Row, RowKey
from app.audit.personal.reading import reveal_changes, reveal_entries
from app.audit.stored_values import AsStored
from app.core.clock import EPOCH
from app.core.db.driver.compiled import Values
from app.core.db.driver.statements import Prepared, Query
from app.core.db.personal.key_urls import key_url_of
from app.core.db.session import DatabaseSession
from app.core.db.sqlite.spelling import Bytes, IsTime, IsUuid

# SQLite accepts text of any form; converting it to the column's type raises these.
UNREADABLE = (*MALFORMED, ArithmeticError, LookupError)
TIME_BYTES = "at_bytes"


class RowsAsStored(list[Row]):
    """Rows of which some value could not be converted to its column's type."""


async def read_rows(session: DatabaseSession, query: Select[Any]) -> list[Row]:
    """Return the rows of a query; `at` must be readable, or read as its bytes."""
    try:
        return await session.rows(query)
    except UNREADABLE:
        return await read_as_stored(session, query)


async def read_log(
    session: DatabaseSession, query: Query | Prepared, values: Values | None = None
) -> list[Row]:
    """Return the rows of a query, with their personal values decrypted.

    A value that cannot be converted is `AsStored`.
    """
    rows = await read_encrypted(session, query, values)
    return await reveal_entries(key_url_of(session), rows)


async def read_values(session: DatabaseSession, query: Query) -> list[Row]:
    """Do the same without who acted, which the state of a record does not depend on."""
    rows = await read_encrypted(session, query, None)
    return await reveal_changes(key_url_of(session), rows)


async def read_encrypted(
    session: DatabaseSession, query: Query | Prepared, values: Values | None = None
) -> list[Row]:
    try:
        return await session.rows(query, values)
    except UNREADABLE:
        core = query.statement if isinstance(query, Prepared) else query
        rows = await read_as_stored(session, any_time(core), values)
    return [
        row | {"at": AsStored(row["at"])} if isinstance(row.get("at"), str) else row
        for row in with_time(rows)
    ]


async def read_as_stored(
    session: AsyncSession, query: Select[Any], values: Values | None = None
) -> RowsAsStored:
    """Return the rows of a query; what cannot be converted is `AsStored`."""
    columns = {column.name: column for column in query.selected_columns}
    stored = [type_coerce(column, NULLTYPE) for column in columns.values()]
    dialect = session.get_bind().dialect
    # PostgreSQL's driver has converted all values, and needs the types of others.
    convert = {
        name: column.type.dialect_impl(dialect).result_processor(dialect, None)
        for name, column in columns.items()
        if dialect.name == "sqlite"
    }
    found = await session.execute(query.with_only_columns(*stored), values)
    return RowsAsStored(
        {
            name: try_to_convert(convert.get(name), value)
            for name, value in zip(columns, row, strict=True)
        }
        for row in found
    )


def try_to_convert(convert: Any, value: Any) -> Any:
    try:
        return convert(value) if convert and value is not None else value
    except UNREADABLE:
        return AsStored(value)


def has_key(table: Table) -> ColumnElement[bool]:
    """Match rows whose time and id can be read, and so be ordered."""
    return and_(IsTime(table.c.at), IsUuid(table.c.id))


def has_ids(table: Table) -> ColumnElement[bool]:
    """Match rows whose other ids are NULL or can be read."""
    ids = (c for c in table.c if isinstance(c.type, Uuid) and not c.primary_key)
    return and_(*(or_(id.is_(None), IsUuid(id)) for id in ids))


@lru_cache  # It takes as long as reading ten rows.
def select_any_time(table: Table) -> Select[Any]:
    """Return a query of rows that need no time: see `with_time`."""
    return any_time(select(table))


def any_time(query: Select[Any]) -> Select[Any]:
    """Return the query so that it needs no time: see `with_time`."""
    at = query.selected_columns.get("at")
    if at is None:
        return query
    columns = [each for each in query.selected_columns if each is not at]
    readable = case((IsTime(at), at)).label("at")
    stored = case((~IsTime(at), Bytes(at))).label(TIME_BYTES)
    return query.with_only_columns(*columns, readable, stored)


def with_time(rows: list[Row]) -> Iterator[Row]:
    """Yield rows with their time, or with its bytes as text."""
    for row in rows:
        stored = row.pop(TIME_BYTES, None)
        yield row if stored is None else row | {"at": stored}


def key_of(row: Row) -> RowKey:
    """Return the key by which a row is sealed: without a time, that of the epoch."""
    return (EPOCH if isinstance(row["at"], str) else row["at"]), row["id"]
