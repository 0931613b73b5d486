"""INSERT … ON CONFLICT: both databases have it, SQLAlchemy has it once for each."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def upsert(session: AsyncSession, table: Any) -> Any:
    """Return an INSERT that knows ON CONFLICT, for this session's database."""
    return INSERTS[session.get_bind().dialect.name](table)
