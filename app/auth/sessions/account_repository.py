"""Queries on users for login and password changes; administration is in users/."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import raiseload
from sqlmodel import col

from app.auth.models import User

LOCK = {"key_share": True}


class AccountRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def find_by_email_key(self, key: str) -> User | None:
        """Return the user without roles.

        Loading the roles takes another statement, whose duration would reveal which
        addresses have an account.
        """
        query = select(User).where(col(User.email_key) == key)
        return await self.session.scalar(query.options(raiseload("*")))

    async def get(self, user_id: UUID) -> User | None:
        """Return the user without roles."""
        return await self.session.get(User, user_id, options=[raiseload("*")])

    async def lock_if_unchanged(self, user: User) -> User | None:
        """Return the user, read again with a lock.

        Return None if it was disabled or its `auth_version` raised since it was read,
        for instance while a password was hashed.
        """
        fresh = await self.lock(user.id)
        if fresh is None or not fresh.is_active:
            return None
        return fresh if fresh.auth_version == user.auth_version else None

    async def lock(self, user_id: UUID) -> User | None:
        """Return the user, locked, or None if they were deleted."""
        return await self.session.get(User, user_id, with_for_update=LOCK)

    async def bump_auth_version(self, user: User) -> None:
        """Increment `auth_version`, which invalidates all tokens of this user."""
        user.auth_version += 1
        await self.session.flush()
