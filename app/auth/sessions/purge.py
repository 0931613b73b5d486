"""Throwing away what has expired: nothing that could still be accepted."""

from contextlib import AbstractAsyncContextManager

from sqlalchemy import delete, literal
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.models import AuthSession, LoginThrottle, UserRevokedToken
from app.auth.passwords.login_throttle import LONGEST_WINDOW
from app.core.background import run_every
from app.core.clock import now
from app.core.db.database import Database

EVERY = 3_600.0  # seconds


def purging(database: Database) -> AbstractAsyncContextManager[None]:
    """Purge in the background for as long as this block runs."""

    async def purge_expired() -> int:
        async with database.writing() as session:
            return await purge(session)

    return run_every(EVERY, purge_expired)


async def purge(session: AsyncSession) -> int:
    """Delete expired sessions, revocations and counters; return how many rows."""
    instant = now()
    window_start = instant - LONGEST_WINDOW
    expired = (
        (UserRevokedToken, col(UserRevokedToken.expires_at) < instant),
        (AuthSession, col(AuthSession.expires_at) < instant),
        (LoginThrottle, col(LoginThrottle.window_started_at) < window_start),
    )
    count = 0
    for model, condition in expired:
        gone = delete(model).where(condition).returning(literal(1))
        count += len((await session.execute(gone)).all())
    return count
