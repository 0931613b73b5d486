"""What the archiver does is on record too: a row in the log of changes."""

from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.logs import CHANGES
from app.audit.changes.change_row import unaudited_row
from app.audit.changes.guard import audited_writes


async def add_trace(
    session: AsyncSession, entity: str, reason: str, told: dict[str, Any]
) -> None:
    """Record, in the transaction of the deed, what was done to which table."""
    row = unaudited_row(reason, entity) | {"new": told}
    with audited_writes():
        await session.execute(insert(CHANGES.live).values(row))
