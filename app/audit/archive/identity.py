"""The identity of the archive, as the database keeps it.

The same id is in the archive folder and in each manifest, so that a database never
writes to the folder of another one.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.archive.models import AuditIdentity
from app.core.db.locks.transaction_lock import lock
from app.core.db.session import DatabaseSession

ADVISORY_LOCK = 7_201_140  # arbitrary; the same in every process


async def read_archive_id(session: AsyncSession) -> UUID | None:
    """Return the archive's id, or None if there is none yet."""
    identity = AuditIdentity
    first = select(col(identity.id)).order_by(col(identity.created_at)).limit(1)
    return await session.scalar(first)


async def get_archive_id(session: DatabaseSession) -> UUID:
    """Return the archive's id; add it at first use. Needs a read-write session."""
    if found := await read_archive_id(session):
        return found
    await lock_identity(session)
    return await read_archive_id(session) or await add_archive_id(session)


async def add_archive_id(session: DatabaseSession, id: UUID | None = None) -> UUID:
    """Add the archive's id, by default a random one."""
    identity = AuditIdentity(id=id) if id else AuditIdentity()
    session.add(identity)
    await session.flush()
    return identity.id


async def lock_identity(session: DatabaseSession) -> None:
    """Block other processes from adding an id until this transaction ends."""
    await lock(session, ADVISORY_LOCK)
