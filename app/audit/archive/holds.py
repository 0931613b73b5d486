"""Legal holds: the changes of an entity stay live until its hold is released."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.archive.logs import CHANGES
from app.audit.archive.models import AuditHold
from app.audit.archive.trace import add_trace
from app.core.clock import now


class HoldRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def active(self) -> list[AuditHold]:
        query = select(AuditHold).where(col(AuditHold.released_at).is_(None))
        return list(await self.session.scalars(query.order_by(col(AuditHold.id))))

    async def knows(self, entity: str) -> bool:
        """Tell whether the log has a record of this kind, in whatever case."""
        change = CHANGES.live.c
        same = func.lower(change.entity) == entity.lower()
        query = select(change.id).where(same, change.entity_id.is_not(None))
        return await self.session.scalar(query.limit(1)) is not None

    async def add(self, hold: AuditHold) -> None:
        self.session.add(hold)
        await self.session.flush()
        await add_trace(self.session, "audit_hold", "held", told(hold))

    async def release(self, id: UUID, by: str) -> AuditHold | None:
        """End a hold; None when there is no such hold any more."""
        query = select(AuditHold).where(
            col(AuditHold.id) == id, col(AuditHold.released_at).is_(None)
        )
        hold = (await self.session.scalars(query)).first()
        if hold:
            hold.released_at, hold.released_by = now(), by
            await self.session.flush()
            await add_trace(self.session, "audit_hold", "released", told(hold))
        return hold


def told(hold: AuditHold) -> dict[str, str | None]:
    """Return a hold as the log of changes tells it."""
    return {name: text(value) for name, value in hold.model_dump().items()}


def text(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value)
