"""Comparison of the database's tables and columns with those of the models."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Table, text

from app.core.db.database import Database

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
