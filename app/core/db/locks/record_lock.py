"""A lock on a record that may be deleted: a restore, or an erasure, at a time.

A deleted record has no row that could be locked.
"""

from uuid import UUID

from sqlalchemy import func, select

from app.core.db.session import DatabaseSession

# PostgreSQL has locks of one number and of two. The process's own have one, which an id
# that a client chooses can't be, then.
SPACE = 1


async def lock_record(session: DatabaseSession, id: UUID) -> None:
    """Wait for the other one, if there is any.

    On SQLite, there is one writer at a time.
    """
    if session.dialect.name == "postgresql":
        key = int.from_bytes(id.bytes[12:], signed=True)
        lock = func.pg_advisory_xact_lock(SPACE, key)
        await session.rows(select(lock.label("held")))
