"""Prepared statements that read and write one row of a table."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Table,
    bindparam,
    delete,
    insert,
    inspect,
    select,
    update,
)

from app.core.db.driver.compiled import Values
from app.core.db.driver.statements import Prepared, PreparedStatement
from app.core.db.records.loading import select_by_id
from app.core.db.records.plain import Model

# Of names: SQLAlchemy reserves a column's own name for itself.
NEW = "new_"
# Rows that are locked together, which does not stop the event loop for long.
MANY = 20
# An UPDATE for each set of columns that are changed together.
MAX_UPDATES = 500


def new_values(values: Values) -> Values:
    return {NEW + name: value for name, value in values.items()}


def parameters(table: Table, names: Iterable[str]) -> dict[str, Any]:
    return {name: bindparam(NEW + name, type_=table.c[name].type) for name in names}


def is_row(table: Table) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions for the row, in the version in which it was read."""
    id, version = table.c.id, table.c.version
    return (
        id == bindparam("row_id", type_=id.type),
        version == bindparam("row_version", type_=version.type),
    )


@lru_cache
def lock_by_id(model: Model) -> Prepared:
    """Return the query of one row, locked until the transaction ends.

    With KEY SHARE, rows that refer to it can still be inserted. SQLite has no row
    locks: its writing sessions run one at a time.
    """
    query = select_by_id(model).statement
    return Prepared(query.with_for_update(key_share=True))


@lru_cache
def lock_many(model: Model) -> Prepared:
    """Return the query of MANY rows, locked in the order of their ids."""
    id: Any = inspect(model).local_table.c.id
    columns = select_by_id(model).statement.selected_columns
    ids = [bindparam(f"id_{n}", type_=id.type) for n in range(MANY)]
    query = select(*columns).where(id.in_(ids)).order_by(id)
    return Prepared(query.with_for_update(key_share=True))


@lru_cache
def insert_of(model: Model) -> PreparedStatement:
    table: Any = inspect(model).local_table
    return PreparedStatement(insert(table).values(parameters(table, table.c.keys())))


@lru_cache(MAX_UPDATES)
def update_of(model: Model, names: tuple[str, ...]) -> PreparedStatement:
    table: Any = inspect(model).local_table
    changed = update(table).values(parameters(table, names))
    return PreparedStatement(changed.where(*is_row(table)))


@lru_cache
def delete_of(model: Model) -> PreparedStatement:
    table: Any = inspect(model).local_table
    return PreparedStatement(delete(table).where(*is_row(table)))
