"""A lock on a person: an erasure, or a restore of their record, at a time.

A deleted record has no row that could be locked.
"""

from uuid import UUID

from sqlalchemy import func, select

from app.core.db.personal.key_urls import key_url_of
from app.core.db.session import DatabaseSession


async def lock_person(session: DatabaseSession, id: UUID) -> None:
    """Wait for the other one, if there may be any.

    On SQLite, there is one writer at a time.
    """
    if key_url_of(session) and session.dialect.name == "postgresql":
        key = int.from_bytes(id.bytes[8:], signed=True)
        await session.execute(select(func.pg_advisory_xact_lock(key)))
