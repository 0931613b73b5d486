"""Partitions of tables (PostgreSQL), which the models and autogenerate do not have."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text

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


def hiding_partitions(connection: Connection) -> Callable[..., bool]:
    """Return an `include_name` for Alembic that leaves out partitions.

    Unlike `include_object`, it does so before their columns are read.
    """
    hidden = partition_names(connection)

    def include_name(name: str | None, kind: str, _: Any) -> bool:
        return kind != "table" or name not in hidden

    return include_name
