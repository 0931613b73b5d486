"""Tables, columns and values of the database that do not fit the models."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    String,
    Table,
    TypeDecorator,
    Uuid,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
    union_all,
)

from app.core.db.database import Database
from app.core.db.sqlite.spelling import IsInteger, IsTime, IsUuid

SQLITE = text("""
SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
WHERE t.type = 'table'
""")
POSTGRESQL = text("""
SELECT c.relname::text, a.attname::text
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    AND a.attnum > 0 AND NOT a.attisdropped
""")
STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
MAX_VALUES = 1_000


async def find_missing_columns(
    database: Database, tables: Iterable[Table]
) -> dict[str, str]:
    """Return a clause about each table that is missing or lacks columns, by its name.

    Each statement on such a table fails. Further columns do no harm.
    """
    found: dict[str, set[str]] = defaultdict(set)
    async with database.reading() as session:
        query = STATEMENTS[database.engine.dialect.name]
        for table, column in await session.execute(query):
            found[table].add(column)
    clauses = {each.name: describe(each, found[each.name]) for each in tables}
    return {name: clause for name, clause in clauses.items() if clause}


def describe(table: Table, found: set[str]) -> str | None:
    if not found:
        return f"the table {table.name} is missing"
    missing = [column.name for column in table.columns if column.name not in found]
    if not missing:
        return None
    unknown = sorted(found - {column.name for column in table.columns})
    clause = f"{table.name} has no column {', '.join(missing)}"
    return f"{clause}, but {', '.join(unknown)}" if unknown else clause


async def find_unreadable(database: Database, table: Table) -> list[tuple[str, str]]:
    """Return the key and the column of each value that a query fails to convert."""
    is_unreadable = UNREADABLE[database.engine.dialect.name]
    key = type_coerce(next(iter(table.primary_key)), String)
    queries = [
        select(key, literal(column.name)).where(column.is_not(None), fault)
        for column in table.columns
        if (fault := is_unreadable(column, implementation(column.type))) is not None
    ]
    if not queries:
        return []
    async with database.reading() as session:
        found = await session.execute(union_all(*queries).limit(MAX_VALUES))
        return [(str(row[0]), row[1]) for row in found]


def implementation(kind: object) -> object:
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind


def differs_on_sqlite(
    column: ColumnElement[object], kind: object
) -> ColumnElement[bool] | None:
    """Match values of another type, or that are not spelled as the application does."""
    stored = func.typeof(column)
    if isinstance(kind, Uuid):
        return ~IsUuid(column)
    if isinstance(kind, DateTime):
        return ~IsTime(column)
    if isinstance(kind, Integer):
        return ~IsInteger(column)
    if isinstance(kind, LargeBinary):
        return stored != "blob"
    if isinstance(kind, JSON):
        return or_(stored == "blob", is_null_document(column, kind))
    return stored == "blob" if isinstance(kind, String) else None


def differs_on_postgresql(
    column: ColumnElement[object], kind: object
) -> ColumnElement[bool] | None:
    """Match times that Python has no value for."""
    if isinstance(kind, JSON):
        return is_null_document(column, kind)
    return ~IsTime(column) if isinstance(kind, DateTime | Date) else None


def is_null_document(column: ColumnElement[object], kind: Any) -> ColumnElement[bool]:
    """Match a JSON `null` where the application writes an SQL NULL: both read as it."""
    return cast(column, String) == "null" if kind.none_as_null else false()


UNREADABLE = {"sqlite": differs_on_sqlite, "postgresql": differs_on_postgresql}
