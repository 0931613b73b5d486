"""Build the statements of a list, their WHERE conditions and ORDER BY."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Enum,
    Table,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
)

from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.derived.columns import base_columns, sort_key_name
from app.core.db.driver.statements import Prepared
from app.core.field_types.query_values import Null
from app.core.pagination import FilterQuery

Conditions = Mapping[str, Callable[[Any], ColumnElement[bool]]]
COUNT = "count"  # the name of a column of a result

# The time that a list is read for. Use it in conditions instead of `now()`: a list that
# is read as of an earlier time gives that time as the value.
NOW: ColumnElement[datetime] = bindparam("now", callable_=now, type_=UtcDateTime())


def build_conditions(
    table: Table, query: FilterQuery, special: Conditions
) -> Iterator[ColumnElement[bool]]:
    """Yield a condition for each filter in the query.

    A filter compares with `=`, or IN for a list, unless `special` defines it.
    """
    for name, value in query.filters().items():
        if value is Null.NULL:
            yield table.c[name].is_(None)
        elif name in special:
            yield special[name](value)
        elif name == "updated_since":
            yield table.c.updated_at >= value
        elif isinstance(value, list):
            yield is_any(table.c[name], value)
        else:
            yield table.c[name] == value


def is_any(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    others = [value for value in values if value is not Null.NULL]
    among = column.in_(others) if others else false()
    return among if len(others) == len(values) else or_(among, column.is_(None))


def build_order(table: Table, sort: Sequence[str]) -> Iterator[ColumnElement[Any]]:
    """Yield the ORDER BY terms. Ties are ordered by id, newest first."""
    for key in sort:
        column = order_of(table, key.removeprefix("-"))
        order = column.desc() if key.startswith("-") else column.asc()
        yield order.nulls_last()
    yield table.c.id.desc()


def order_of(table: Table, name: str) -> ColumnElement[Any]:
    """Return the column, its sort key, or an enum's position in its declaration."""
    if sort_key_name(name) in table.c:
        return table.c[sort_key_name(name)]
    column = table.c[name]
    if not isinstance(column.type, Enum):
        return column
    ranks = {name: rank for rank, name in enumerate(column.type.enums)}
    return case(ranks, value=column)


@lru_cache
def page_query(table: Table, sort: tuple[str, ...]) -> Prepared:
    """Return the SELECT of a page; its values are `limit` and `offset`."""
    ordered = select(*base_columns(table)).order_by(*build_order(table, sort))
    window = ordered.limit(bindparam("limit")).offset(bindparam("offset"))
    return Prepared(window)


@lru_cache
def count_query(table: Table) -> Prepared:
    return Prepared(select(func.count()).select_from(table))


@lru_cache
def group_query(table: Table, name: str) -> Prepared:
    """Return the query of how many rows have each value of a column."""
    column = table.c[name]
    return Prepared(select(column, func.count().label(COUNT)).group_by(column))


@lru_cache
def rows_query(table: Table) -> Prepared:
    return Prepared(select(*base_columns(table)))
