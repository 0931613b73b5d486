"""Permissions of an import: it creates and updates, so it needs both."""

from functools import partial

from app.auth.exceptions import MissingPermissionException
from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import recheck
from app.core.db.session import DatabaseSession


def require_update(user: Principal, resource: str) -> None:
    """Raise unless the user may update as well; the route has asked for `create`."""
    permission = f"{resource}:update"
    if not user.has_permission(permission):
        raise MissingPermissionException(permission)


async def recheck_both(
    session: DatabaseSession, user: Principal, resource: str
) -> None:
    require_update(await recheck(session, user, f"{resource}:create"), resource)


def recheck_before_commit(
    session: DatabaseSession, user: Principal, resource: str
) -> None:
    """Have the transaction ask again before it commits: a file takes its time."""
    session.before_commit = partial(recheck_both, session, user, resource)
