"""Statements for the driver: compiled once, and found again by SQLAlchemy's cache key.

A statement that never changes is prepared as a constant. Any other one, such as a list
with filters, is built for the request: its cache key finds the compiled form.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    CursorResult,
    Dialect,
    Select,
    UpdateBase,
)
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.util import LRUCache

from app.core.db.driver.compiled import Call, CompiledStatement, Row, Values

CACHE_SIZE = 500
Query = Select[*tuple[Any, ...]]
CoreStatement = Query | CompoundSelect[*tuple[Any, ...]] | UpdateBase


class PreparedStatement:
    """A constant statement, compiled at its first use; `bindparam`s are its values."""

    def __init__(self, statement: CoreStatement) -> None:
        self.core = statement
        self.compiled: dict[str, CompiledStatement] = {}

    def on(self, dialect: Dialect) -> CompiledStatement:
        if (found := self.compiled.get(dialect.name)) is None:
            found = self.compiled[dialect.name] = compile_for(dialect, self.core)
        return found


class Prepared(PreparedStatement):
    """A constant query."""

    def __init__(self, statement: Query) -> None:
        super().__init__(statement)
        self.statement = statement

    def where(self, *conditions: ColumnElement[bool]) -> "Statement":
        """Return the statement with these conditions: itself, if there are none."""
        return self.statement.where(*conditions) if conditions else self


Statement = CoreStatement | PreparedStatement

# The least recently used ones are dropped.
_cache: LRUCache[Any, CompiledStatement] = LRUCache(CACHE_SIZE)


def resolve(
    statement: Statement, values: Values, dialect: Dialect
) -> tuple[CompiledStatement, Call]:
    """Return the compiled statement, and the call of the driver with these values."""
    if isinstance(statement, PreparedStatement):
        found = statement.on(dialect)
        return found, found.call(found.given(values))
    key = statement._generate_cache_key()
    if key is None:
        found = compile_for(dialect, statement)
        return found, found.call(found.given(values))
    name = (dialect.name, key.key)
    cached = _cache.get(name)
    if cached is None:
        cached = _cache[name] = compile_for(dialect, statement, key)
    given = cached.compiled.construct_params(
        dict(values),
        extracted_parameters=key.bindparams,
        escape_names=False,
        _collected_params=key.params,
    )
    return cached, cached.call(given)


def compile_for(
    dialect: Dialect, statement: CoreStatement, key: CacheKey | None = None
) -> CompiledStatement:
    compiled: Any = statement.compile(dialect=dialect, cache_key=key)
    return CompiledStatement(statement.is_dml, compiled)


def core_statement(statement: Statement) -> CoreStatement:
    return statement.core if isinstance(statement, PreparedStatement) else statement


def rows_of(result: CursorResult[Any]) -> list[Row]:
    """Return the rows by names that orjson writes: it refuses a subclass of str."""
    names = [*map(str, result.keys())]
    return [dict(zip(names, row, strict=True)) for row in result]
