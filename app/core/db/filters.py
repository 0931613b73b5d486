"""Build the statements of a list, their WHERE conditions and ORDER BY."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Enum, Table, bindparam, case, func, select

from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.derived.columns import base_columns, sort_key_name
from app.core.db.driver.statements import Prepared
from app.core.pagination import PageQuery

Conditions = Mapping[str, Callable[[Any], ColumnElement[bool]]]

# The time that a list is read for. Use it in conditions instead of `now()`: a list that
# is read as of an earlier time gives that time as the value.
NOW: ColumnElement[datetime] = bindparam("now", callable_=now, type_=UtcDateTime())


def build_conditions(
    table: Table, query: PageQuery, special: Conditions
) -> Iterator[ColumnElement[bool]]:
    """Yield a condition for each filter in the query.

    A filter compares with `=`, or IN for a list, unless `special` defines it.
    """
    for name, value in query.filters().items():
        if name in special:
            yield special[name](value)
        elif isinstance(value, list):
            yield table.c[name].in_(value)
        else:
            yield table.c[name] == value


def build_order(table: Table, sort: str | None) -> Iterator[ColumnElement[Any]]:
    """Yield the ORDER BY terms. Ties are ordered by id, newest first."""
    if sort:
        column = order_of(table, sort.removeprefix("-"))
        order = column.desc() if sort.startswith("-") else column.asc()
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
def page_query(table: Table, sort: str | None) -> Prepared:
    """Return the SELECT of a page; its values are `limit` and `offset`."""
    ordered = select(*base_columns(table)).order_by(*build_order(table, sort))
    window = ordered.limit(bindparam("limit")).offset(bindparam("offset"))
    return Prepared(window)


@lru_cache
def count_query(table: Table) -> Prepared:
    return Prepared(select(func.count()).select_from(table))
