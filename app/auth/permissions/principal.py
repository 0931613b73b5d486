"""Who is asking, and what she may do: found out anew for every request, at once."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, exists, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

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

# Tables, not entities: half the cost, for a statement that every request makes.
user, live, link, grant, permission, revoked = (
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

# User, live session, no revocation, all permissions of all roles: one statement.
WHO = (
    select(
        user.c.email,
        user.c.is_superuser,
        user.c.must_change_password,
        grant.c.module,
        permission.c.action,
    )
    .select_from(user)
    .join(live, live.c.user_id == user.c.id)
    .outerjoin(link, link.c.user_id == user.c.id)
    .outerjoin(grant, grant.c.role_id == link.c.role_id)
    .outerjoin(permission, permission.c.grant_id == grant.c.id)
    .where(
        user.c.id == bindparam("sub"),
        user.c.is_active,
        user.c.auth_version == bindparam("ver"),
        live.c.id == bindparam("sid"),
        live.c.auth_version == bindparam("ver"),
        live.c.revoked_at.is_(None),
        live.c.expires_at > bindparam("now"),
        ~exists().where(revoked.c.jti == bindparam("jti")),
    )
)


@dataclass(frozen=True, slots=True)
class Principal:
    """A live session's user, as of this very request."""

    user_id: UUID
    claims: Claims
    email: str
    is_superuser: bool
    must_change_password: bool
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        return self.is_superuser or permission in self.permissions


async def find_principal(session: AsyncSession, claims: Claims) -> Principal | None:
    """Return who this token speaks for now, or None when it no longer does."""
    values = {name: getattr(claims, name) for name in ("sub", "sid", "jti", "ver")}
    rows = (await session.execute(WHO, {**values, "now": now()})).all()
    if not rows:
        return None
    first = rows[0]
    granted = {f"{row.module}:{row.action}" for row in rows if row.action}
    granted |= {f"{row.module}:{READ}" for row in rows if row.module}
    return Principal(
        user_id=claims.sub,
        claims=claims,
        email=first.email,
        is_superuser=first.is_superuser,
        must_change_password=first.must_change_password,
        # What the code no longer knows is granted to nobody.
        permissions=frozenset(filter(is_known, granted)),
    )
