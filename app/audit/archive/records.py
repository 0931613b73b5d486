"""What the archiver does is on record too: a row in the log of changes."""

from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.logs import CHANGES
from app.audit.guard import seen_by_audit
from app.audit.models import Action
from app.core.context import current_context
from app.core.ids import uuid7
from app.core.models import now


async def add_record(
    session: AsyncSession, entity: str, reason: str, told: dict[str, Any]
) -> None:
    """Record, in the transaction of the deed, what was done to which table."""
    context = current_context()
    query = insert(CHANGES.live).values(
        id=uuid7(),
        at=now(),
        request_id=context.request_id,
        actor_id=context.actor_id,
        actor_label=context.actor_label,
        action=Action.UNAUDITED,
        entity=entity,
        new=told,
        reason=reason,
    )
    with seen_by_audit():
        await session.execute(query)
