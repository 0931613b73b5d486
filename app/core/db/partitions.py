"""Tables that the models and autogenerate do not have: partitions, search indexes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text

from app.core.db.search.index import index_names

IncludeName = Callable[[str | None, str, Any], bool]
PARTITIONS = text("""
SELECT relname::text FROM pg_class
WHERE relispartition AND relkind IN ('r', 'p')
    AND relnamespace = current_schema()::regnamespace
""")


def partition_names(connection: Connection) -> set[str]:
    """Return the names of all partitions. SQLite has none."""
    if connection.dialect.name != "postgresql":
        return set()
    return set(connection.scalars(PARTITIONS))


def hiding_parts(connection: Connection, include: IncludeName) -> IncludeName:
    """Return an `include_name` for Alembic that also leaves out parts of tables.

    Unlike `include_object`, it does so before their columns are read.
    """
    hidden = partition_names(connection) | index_names(connection)

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        is_hidden = kind in ("table", "index") and name in hidden
        return not is_hidden and include(name, kind, parents)

    return include_name
