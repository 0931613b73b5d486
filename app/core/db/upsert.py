"""INSERT … ON CONFLICT, which SQLAlchemy offers per dialect only."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from app.core.db.session import DatabaseSession

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def upsert(session: DatabaseSession, table: Any) -> Any:
    """Return the dialect's INSERT, which has the `on_conflict_*` methods."""
    return INSERTS[session.dialect.name](table)
