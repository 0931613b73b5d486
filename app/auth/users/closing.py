"""Closing of the account of a user who is erased."""

from sqlalchemy import delete, func, select
from sqlmodel import col

from app.auth.models import AuthSession, User
from app.auth.passwords.hashing import dummy_hash
from app.auth.users.repository import UserRepository
from app.core.db.session import DatabaseSession


async def close_account(session: DatabaseSession, user: User) -> None:
    """Deactivate the user; delete their password, sessions, API keys and link."""
    user.is_active = user.is_superuser = False
    user.auth_version += 1
    user.password_hash = dummy_hash()
    await UserRepository(session).delete_credentials(user.id)
    own = col(AuthSession.user_id) == user.id
    await session.execute(delete(AuthSession).where(own))


async def is_last_superuser(session: DatabaseSession, user: User) -> bool:
    if not (user.is_active and user.is_superuser):
        return False
    active = col(User.is_superuser) & col(User.is_active) & (col(User.id) != user.id)
    return not await session.scalar(select(func.count()).where(active))
