"""Throwing away what has expired: nothing that could still be accepted."""

from sqlalchemy import delete, literal
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.models import AuthSession, LoginThrottle, UserRevokedToken
from app.auth.throttle import LONGEST_WINDOW
from app.core.models import now


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
