"""Purge of expired sessions, revocations, throttle windows and idempotency keys."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from sqlalchemy import delete, literal
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.idempotency.models import IdempotencyKey
from app.auth.models import AuthSession, LoginThrottle, UserRevokedToken
from app.auth.passwords.login_throttle import LONGEST_WINDOW
from app.core.background import run_every
from app.core.clock import now
from app.core.db.database import Database

PURGE_INTERVAL = 3_600.0  # seconds
KEPT = timedelta(hours=24)  # answers to requests that a client may repeat


def purge_periodically(database: Database) -> AbstractAsyncContextManager[None]:
    """Return a context manager that runs `purge` every PURGE_INTERVAL seconds."""

    async def purge_expired() -> int:
        async with database.background_turn(), database.writing() as session:
            return await purge(session)

    return run_every(PURGE_INTERVAL, purge_expired)


async def purge(session: AsyncSession) -> int:
    """Delete the expired rows of all these tables; return their number."""
    instant = now()
    window_start = instant - LONGEST_WINDOW
    repeated = instant - KEPT
    expired = (
        (IdempotencyKey, col(IdempotencyKey.created_at) < repeated),
        (UserRevokedToken, col(UserRevokedToken.expires_at) < instant),
        (AuthSession, col(AuthSession.expires_at) < instant),
        (LoginThrottle, col(LoginThrottle.window_started_at) < window_start),
    )
    count = 0
    for model, condition in expired:
        statement = delete(model).where(condition).returning(literal(1))
        count += len((await session.execute(statement)).all())
    return count
