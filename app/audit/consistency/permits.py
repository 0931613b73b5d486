"""Permits to delete, which only the transaction of an archiver has.

It removes its own before it commits. One that is committed lets every program change
the rows of both logs, although their triggers are in force.
"""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditPruning

LEFT = (
    "audit_pruning has a row, so that every program can delete rows of the log: find "
    "out who inserted it, and run DELETE FROM audit_pruning"
)


async def find_permits(session: AsyncSession) -> list[str]:
    """Return a sentence if there is a permit."""
    permits = await session.scalar(select(func.count()).select_from(AuditPruning))
    return [LEFT] if permits else []
