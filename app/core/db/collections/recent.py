"""Condition of the rows that were changed since a time, for SQLite.

It has no statistics of the times, and would rather read a table in the order of a list
than sort a few rows. PostgreSQL decides for itself.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Table, bindparam, literal, select

from app.core.db.session import DatabaseSession

FEW = 1_000


async def find_recent(
    session: DatabaseSession, table: Table, since: datetime | None
) -> list[ColumnElement[bool]]:
    """Return a condition that has the index used, if few rows are that recent."""
    if since is None or session.dialect.name != "sqlite":
        return []
    changed = table.c.updated_at >= since
    beyond = select(literal(1)).select_from(table).where(changed)
    if await session.value(beyond.limit(1).offset(bindparam("few")), {"few": FEW}):
        return []
    recent = table.alias()
    return [table.c.id.in_(select(recent.c.id).where(recent.c.updated_at >= since))]
