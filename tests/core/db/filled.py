"""Rows for every table of a schema, for migrations of a database in use."""

from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    MetaData,
    Uuid,
    func,
    insert,
    inspect,
    select,
    table,
)
from sqlalchemy.types import CHAR

from app.core.db.compatibility.table import NAME as COMPATIBILITY
from app.core.db.ids import uuid7
from app.core.db.partitions import partition_names
from app.core.db.search.index import is_part_of_index

ALEMBIC = {"alembic_version", COMPATIBILITY}  # filled by the migrations
numbers = count(1)


def fill(connection: Connection) -> None:
    """Add two rows to each table: one without NULL, one with NULL wherever allowed."""
    tables = reflect(connection)
    for sparse in (False, True):
        for each in tables.sorted_tables:
            if each.name not in ALEMBIC:
                row = {c.name: value_for(connection, c, sparse) for c in each.c}
                connection.execute(insert(each), row)


def reflect(connection: Connection) -> MetaData:
    tables = MetaData()
    tables.reflect(connection, only=table_names(connection))
    return tables


def table_names(connection: Connection) -> list[str]:
    """Return all tables, without their partitions and search indexes."""
    found, hidden = inspect(connection).get_table_names(), partition_names(connection)
    return [it for it in found if it not in hidden and not is_part_of_index(it)]


def counts(connection: Connection) -> dict[str, int]:
    names = {*table_names(connection)} - ALEMBIC
    return {
        it: connection.scalar(select(func.count()).select_from(table(it))) or 0
        for it in names
    }


def value_for(connection: Connection, column: Column[Any], sparse: bool) -> Any:
    if column.nullable and sparse:
        return None
    if column.foreign_keys:
        (key,) = column.foreign_keys
        newest = select(key.column).order_by(key.column.desc())
        return connection.scalar(newest.limit(1))
    return unique_value(column)


def unique_value(column: Column[Any]) -> Any:
    """Return a value that no other row has, of the column's type and length."""
    if isinstance(column.type, Uuid):
        return uuid7()
    if isinstance(column.type, CHAR):
        return uuid7().hex
    if isinstance(column.type, JSON):
        return {"sku": "PEN-001"}
    kind = column.type.python_type
    if kind is str:
        return f"{next(numbers):x}"[: getattr(column.type, "length", None) or 40]
    examples: dict[type, Any] = {
        bool: True,
        bytes: b"\x00",
        date: date(2026, 1, 31),
        datetime: datetime.now(UTC),
        UUID: uuid7(),
    }
    return examples.get(kind) or kind(next(numbers))
