"""Who is asking, and what she may do: found out anew for every request, at once."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.catalogue import READ, known_permissions
from app.auth.models import (
    AuthSession,
    RoleModule,
    RolePermission,
    User,
    UserRevokedToken,
    UserRole,
)
from app.auth.security import Claims
from app.core.models import now

# User, live session, no revocation, all permissions of all roles: one statement.
WHO = (
    select(
        col(User.email),
        col(User.is_superuser),
        col(User.must_change_password),
        col(RoleModule.module),
        col(RolePermission.action),
    )
    .select_from(User)
    .join(AuthSession, col(AuthSession.user_id) == col(User.id))
    .outerjoin(UserRole, col(UserRole.user_id) == col(User.id))
    .outerjoin(RoleModule, col(RoleModule.role_id) == col(UserRole.role_id))
    .outerjoin(RolePermission, col(RolePermission.grant_id) == col(RoleModule.id))
    .where(
        col(User.id) == bindparam("sub"),
        col(User.is_active),
        col(User.auth_version) == bindparam("ver"),
        col(AuthSession.id) == bindparam("sid"),
        col(AuthSession.auth_version) == bindparam("ver"),
        col(AuthSession.revoked_at).is_(None),
        col(AuthSession.expires_at) > bindparam("now"),
        ~exists().where(col(UserRevokedToken.jti) == bindparam("jti")),
    )
)


@dataclass(frozen=True, slots=True)
class Principal:
    """A live session's user, as of this very request."""

    user_id: UUID
    claims: Claims | None  # of the token; a command has none
    email: str
    is_superuser: bool
    must_change_password: bool
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        return self.is_superuser or permission in self.permissions


async def find_principal(session: AsyncSession, claims: Claims) -> Principal | None:
    """Return who this token speaks for now, or None when it no longer does."""
    values = claims.model_dump(include={"sub", "sid", "jti", "ver"})
    rows = (await session.execute(WHO, {**values, "now": now()})).all()
    if not rows:
        return None
    first = rows[0]
    granted = {f"{row.module}:{row.action or READ}" for row in rows if row.module}
    granted |= {f"{row.module}:{READ}" for row in rows if row.module}
    return Principal(
        user_id=claims.sub,
        claims=claims,
        email=first.email,
        is_superuser=first.is_superuser,
        must_change_password=first.must_change_password,
        # What the code no longer knows is granted to nobody.
        permissions=known_permissions() & granted,
    )
