"""A lock on a record that may be deleted: a restore, or an erasure, at a time.

A deleted record has no row that could be locked.
"""

from uuid import UUID

from app.core.db.locks.transaction_lock import lock
from app.core.db.session import DatabaseSession

# The other locks have one number, which an id that a client chooses can't be, then.
SPACE = 1


async def lock_record(session: DatabaseSession, id: UUID) -> None:
    """Wait for the other one, if there is any."""
    await lock(session, SPACE, int.from_bytes(id.bytes[12:], signed=True))
