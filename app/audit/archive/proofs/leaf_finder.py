"""Search for the leaf of a row."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.checkpoints.repository import RUN_COLUMNS, TreeRepository
from app.audit.archive.cold.repository import ColdRepository, is_sealed_around
from app.audit.archive.logs import Log
from app.audit.archive.seals.leaves import unpack_leaves
from app.core.clock import from_ticks

ID_TIME_MARGIN = timedelta(days=1)
UUID_WITH_TIME = 7
MAX_MILLISECONDS = 4_102_444_800_000  # the year 2100


class LeafFinder:
    def __init__(self, session: AsyncSession, log: Log) -> None:
        self.session = session
        self.tree = TreeRepository(session, log)
        self.cold = ColdRepository(session, log)

    async def may_be_emptied(self, id: UUID) -> bool:
        """Return whether a row with this id may have its leaf in a file only."""
        around = time_of(id)
        first, last = around - ID_TIME_MARGIN, around + ID_TIME_MARGIN
        return await self.cold.has_emptied(first, last)

    async def find_index(self, id: UUID, at: datetime | None) -> int | None:
        """Return the index of the first leaf of a row, or None.

        Without its time, look near the time in its id.
        """
        margin = timedelta() if at else ID_TIME_MARGIN
        around = at or time_of(id)
        near = is_sealed_around(around - margin, around + margin)
        query = self.tree.select_seals().where(near)
        packed = id.bytes
        ordered = query.order_by(col(AuditSeal.start)).options(RUN_COLUMNS)
        for seal in await self.session.scalars(ordered):
            if isinstance(seal.leaves, bytes) and packed in seal.leaves:
                for offset, leaf in enumerate(unpack_leaves(seal.leaves)):
                    if leaf.id == id:
                        return (seal.start or 0) + offset
        return None


def time_of(id: UUID) -> datetime:
    """Return the time in an id of version 7; for any other, that of no row."""
    milliseconds = id.int >> 80 if id.version == UUID_WITH_TIME else 0
    return from_ticks(min(milliseconds, MAX_MILLISECONDS) * 1_000)
