"""The principal of a request: user and permissions, read in one statement."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy import FromClause, bindparam, exists, inspect, select

from app.auth.models import (
    AuthSession,
    RoleModule,
    RolePermission,
    User,
    UserRevokedToken,
    UserRole,
)
from app.auth.permissions.registry import READ, is_known
from app.auth.tokens.access_tokens import Claims
from app.core.clock import now
from app.core.db.driver.compiled import Row
from app.core.db.driver.statements import Prepared, Query
from app.core.db.session import DatabaseSession

# Tables instead of entities halve the cost of a statement that every request runs.
user, auth_session, user_role, grant, permission, revoked = (
    inspect(model).local_table
    for model in (
        User,
        AuthSession,
        UserRole,
        RoleModule,
        RolePermission,
        UserRevokedToken,
    )
)


def active_users(credential: FromClause) -> Query:
    """Return a query of active users by their session or key, which has `user_id`.

    One row per granted action, at least one. The credential is joined first: SQLite
    joins in this order where there are outer joins.
    """
    return (
        select(
            user.c.email,
            user.c.full_name,
            user.c.is_superuser,
            user.c.must_change_password,
            grant.c.module,
            permission.c.action,
        )
        .select_from(user)
        .join(credential, credential.c.user_id == user.c.id)
        .outerjoin(user_role, user_role.c.user_id == user.c.id)
        .outerjoin(grant, grant.c.role_id == user_role.c.role_id)
        .outerjoin(permission, permission.c.grant_id == grant.c.id)
        .where(user.c.is_active)
    )


# No row if user, session or token is invalid.
PRINCIPAL_QUERY = Prepared(
    active_users(auth_session).where(
        user.c.id == bindparam("sub"),
        user.c.auth_version == bindparam("ver"),
        auth_session.c.id == bindparam("sid"),
        auth_session.c.auth_version == bindparam("ver"),
        auth_session.c.revoked_at.is_(None),
        auth_session.c.expires_at > bindparam("now"),
        ~exists().where(revoked.c.jti == bindparam("jti")),
    )
)


@dataclass(frozen=True, slots=True)
class KeyRef:
    """The API key of a request, as the logs name it."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated user of one request. `permissions` holds `module:action`.

    With an API key, there is no session, the user is no superuser, and the permissions
    are within the scopes of the key. `find` reads the principal again, or returns None.
    `valid_until` is the Unix time at which the token or key expires; `found_at` is by
    the monotonic clock.
    """

    user_id: UUID
    email: str
    full_name: str
    is_superuser: bool
    must_change_password: bool
    permissions: frozenset[str]
    find: "FindPrincipal"
    valid_until: float
    session_id: UUID | None = None
    key: KeyRef | None = None
    found_at: float = field(default_factory=time.monotonic, compare=False)

    def has_permission(self, permission: str) -> bool:
        return self.is_superuser or permission in self.permissions


FindPrincipal = Callable[[DatabaseSession], Awaitable[Principal | None]]


async def find_principal(claims: Claims, session: DatabaseSession) -> Principal | None:
    """Return the token's principal, or None.

    None means that the user is disabled, the session ended or the token revoked.
    """
    values = {name: getattr(claims, name) for name in ("sub", "sid", "jti", "ver")}
    rows = await session.rows(PRINCIPAL_QUERY, {**values, "now": now()})
    if not rows:
        return None
    first = rows[0]
    return Principal(
        user_id=claims.sub,
        email=first["email"],
        full_name=first["full_name"],
        is_superuser=first["is_superuser"],
        must_change_password=first["must_change_password"],
        permissions=granted_by(rows),
        find=partial(find_principal, claims),
        valid_until=claims.exp,
        session_id=claims.sid,
    )


def granted_by(rows: Iterable[Row]) -> frozenset[str]:
    """Return the permissions that the user's roles grant.

    Ignore stored permissions that no module registers any more.
    """
    granted = {f"{row['module']}:{row['action']}" for row in rows if row["action"]}
    granted |= {f"{row['module']}:{READ}" for row in rows if row["module"]}
    return frozenset(filter(is_known, granted))
