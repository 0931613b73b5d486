"""Locks of PostgreSQL that a transaction holds until it ends.

SQLite needs none: it has one write transaction at a time.
"""

from sqlalchemy import Function, func, select

from app.core.db.session import DatabaseSession


async def lock(session: DatabaseSession, *key: int) -> None:
    """Wait until no other transaction holds the lock of this number, or of these two.

    A lock of one number is never one of two.
    """
    await take(session, func.pg_advisory_xact_lock(*key))


async def lock_shared(session: DatabaseSession, key: int) -> None:
    """Wait until no other transaction holds the lock, unless it is shared as well."""
    await take(session, func.pg_advisory_xact_lock_shared(key))


async def take(session: DatabaseSession, held: Function[None]) -> None:
    if session.dialect.name == "postgresql":
        await session.rows(select(held.label("held")))
