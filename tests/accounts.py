"""Test accounts and their tokens, written directly to the database."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.auth.components import AuthComponents
from app.auth.models import (
    AuthSession,
    Role,
    RoleModule,
    RolePermission,
    User,
    UserRole,
)
from app.auth.passwords.hashing import password_context
from app.auth.sessions.token_pair import SessionRef, issue_token_pair
from app.auth.tokens.refresh_tokens import RefreshToken
from app.core.clock import now
from app.core.config import Settings
from app.core.db.ids import uuid7
from app.main import open_database

PASSWORD = "a fountain of brass and oak"
# A hash at production cost takes as long as a small test.
FAST_CONTEXT = password_context.copy(argon2__memory_cost=8, argon2__time_cost=1)
HASH = FAST_CONTEXT.hash(PASSWORD)
# The superuser in every test database, and their session.
ROOT = SessionRef(uuid7(), uuid7(), 1)


@dataclass(frozen=True)
class Account:
    id: UUID
    email: str
    access_token: str
    refresh_token: str

    @property
    def header(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.access_token}"}


def make_user(values: dict[str, Any]) -> User:
    return User(**{"full_name": "Test", "password_hash": HASH, **values})


def make_role(permissions: tuple[str, ...]) -> Role:
    """Return a role with exactly these grants; any permission includes `read`."""
    role = Role(name=f"role-{uuid7()}")
    for module in sorted({permission.partition(":")[0] for permission in permissions}):
        grant = RoleModule(role_id=role.id, module=module)
        grant.actions = [
            RolePermission(grant_id=grant.id, action=permission.partition(":")[2])
            for permission in permissions
            if permission.startswith(f"{module}:") and not permission.endswith(":read")
        ]
        role.grants.append(grant)
    return role


def make_session(user_id: UUID, token: RefreshToken) -> AuthSession:
    return AuthSession(
        token_hash=token.hash,
        user_id=user_id,
        auth_version=1,
        idle_expires_at=now() + timedelta(days=7),
        expires_at=now() + timedelta(days=30),
    )


async def add_root(settings: Settings) -> None:
    """Add the superuser to the template database."""
    root = {"id": ROOT.user_id, "email": "root@example.com", "is_superuser": True}
    user = make_user(root)
    opened = make_session(ROOT.user_id, RefreshToken.new())
    opened.id = ROOT.session_id
    async with open_database(settings) as database, database.writing() as session:
        session.add(user)
        await session.flush()
        session.add(opened)


def root_header(settings: Settings) -> dict[str, str]:
    pair = issue_token_pair(
        AuthComponents.from_settings(settings), ROOT, RefreshToken.new()
    )
    return {"authorization": f"Bearer {pair.access_token}"}


def add_account(settings: Settings, *permissions: str, **values: Any) -> Account:
    """Add a user with exactly these permissions, and open a session."""
    return asyncio.run(write_account(settings, permissions, values))


async def write_account(
    settings: Settings, permissions: tuple[str, ...], values: dict[str, Any]
) -> Account:
    user = make_user({"email": f"{uuid7()}@example.com"} | values)
    token = RefreshToken.new()
    opened = make_session(user.id, token)
    async with open_database(settings) as database, database.writing() as session:
        if permissions:
            role = make_role(permissions)
            user.links.append(UserRole(user_id=user.id, role_id=role.id, role=role))
        session.add(user)
        await session.flush()
        session.add(opened)
    pair = issue_token_pair(
        AuthComponents.from_settings(settings), SessionRef(user.id, opened.id, 1), token
    )
    return Account(user.id, user.email, pair.access_token, pair.refresh_token)
