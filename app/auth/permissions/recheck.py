"""Recheck of the caller's permission inside the transaction that writes."""

import structlog

from app.auth.exceptions import (
    KeyNotAllowedException,
    MissingPermissionException,
    PasswordChangeRequiredException,
    PermissionDeniedException,
    UnauthorizedException,
)
from app.auth.permissions.principal import Principal
from app.core.db.session import DatabaseSession

logger = structlog.get_logger()


async def recheck(
    session: DatabaseSession, actor: Principal, *permissions: str
) -> Principal:
    """Return the actor's current principal, or raise if a permission is gone.

    Hashing a password or waiting for a lock between the first check and the write takes
    long enough for the actor to be disabled or to lose a role.
    """
    found = await actor.find(session)
    if found is None:
        raise UnauthorizedException
    if permissions and found.must_change_password:
        raise PasswordChangeRequiredException
    for permission in permissions:
        if not found.has_permission(permission):
            raise MissingPermissionException(permission)
    return found


def require_person(actor: Principal) -> None:
    """Refuse a request with an API key."""
    if actor.key is not None:
        raise KeyNotAllowedException


def forbidden(actor: Principal, reason: str) -> PermissionDeniedException:
    """Log the denial, and return the exception to raise."""
    logger.warning("permission_denied", user_id=str(actor.user_id), reason=reason)
    return PermissionDeniedException(reason)
