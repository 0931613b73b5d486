"""A second look at who is acting, in the very transaction of what she does."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.exceptions import (
    MissingPermissionException,
    PermissionDeniedException,
    UnauthorizedException,
)
from app.auth.permissions.principal import Principal, find_principal

logger = structlog.get_logger()


async def recheck(
    session: AsyncSession, actor: Principal, permission: str
) -> Principal:
    """Return the actor as she is by now: since the first look a password may have been
    hashed, which takes a while, and she may have been dismissed meanwhile.
    """
    found = await find_principal(session, actor.claims)
    if found is None:
        raise UnauthorizedException
    if not found.may(permission):
        raise MissingPermissionException(permission)
    return found


def denied(actor: Principal, reason: str) -> PermissionDeniedException:
    """Return the refusal of what is above the actor, and tell the log."""
    logger.warning("permission_denied", user_id=str(actor.user_id), reason=reason)
    return PermissionDeniedException(reason)
