"""INSERT … ON CONFLICT, which SQLAlchemy offers per dialect only."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def upsert(session: AsyncSession, table: Any) -> Any:
    """Return the dialect's INSERT, which has the `on_conflict_*` methods."""
    return INSERTS[session.get_bind().dialect.name](table)
