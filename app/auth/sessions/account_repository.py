"""Queries on accounts by those who sign in; an administrator's are in users."""

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

    async def find(self, key: str) -> User | None:
        """Return the account without its roles: they would cost a statement more, and
        so tell by the time it takes which addresses have an account.
        """
        query = select(User).where(col(User.email_key) == key)
        return await self.session.scalar(query.options(raiseload("*")))

    async def get(self, user_id: UUID) -> User | None:
        return await self.session.get(User, user_id)

    async def unchanged(self, user: User) -> User | None:
        """Return the account as it is now, locked; None if it was disabled since, or
        its password changed: a hash takes a while.
        """
        fresh = await self.session.get(User, user.id, with_for_update=LOCK)
        if fresh is None or not fresh.is_active:
            return None
        return fresh if fresh.auth_version == user.auth_version else None

    async def outdate(self, user_id: UUID) -> None:
        """Raise the version that every token and session of this user names."""
        user = await self.session.get_one(User, user_id, with_for_update=LOCK)
        user.auth_version += 1
        await self.session.flush()
