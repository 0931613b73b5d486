"""Purge of what has expired: sessions, revocations, links, keys, counters."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, inspect, select
from sqlmodel import col

from app.auth.idempotency.models import IdempotencyKey
from app.auth.keys.repository import KeyRepository
from app.auth.limits.models import RateLimitUse
from app.auth.models import AuthSession, LoginThrottle, UserRevokedToken
from app.auth.passwords.attempt_counters import has_ended
from app.auth.passwords.attempts import LONGEST_WINDOW
from app.auth.passwords.links import PasswordLink
from app.core.background import run_every
from app.core.clock import MAX_SKEW, now
from app.core.db.database import Database
from app.core.db.session import DatabaseSession

PURGE_INTERVAL = 3_600.0  # seconds
SHOWN = timedelta(days=30)  # expired API keys in their user's list
KEPT = timedelta(hours=24)  # answers to requests that a client may repeat


def purge_periodically(database: Database) -> AbstractAsyncContextManager[None]:
    """Return a context manager that runs `purge` every PURGE_INTERVAL seconds."""

    async def purge_expired() -> int:
        async with database.background_turn(), database.writing() as session:
            return await purge(session)

    return run_every(PURGE_INTERVAL, purge_expired)


async def purge(session: DatabaseSession) -> int:
    """Delete the expired rows of all these tables; return their number.

    Those that a request has locked are left to the next purge: it may wait for others,
    which this transaction has.
    """
    instant = now()
    expired = (
        (IdempotencyKey, col(IdempotencyKey.created_at) < instant - KEPT),
        # A host whose clock is behind still accepts the token.
        (UserRevokedToken, col(UserRevokedToken.expires_at) < instant - MAX_SKEW),
        (AuthSession, col(AuthSession.expires_at) < instant),
        (LoginThrottle, has_ended(instant, LONGEST_WINDOW)),
        (RateLimitUse, col(RateLimitUse.ends_at) < (instant - MAX_SKEW).timestamp()),
        (PasswordLink, col(PasswordLink.expires_at) < instant),
    )
    count = await KeyRepository(session).purge(instant - SHOWN)
    for model, condition in expired:
        table: Any = inspect(model).local_table
        (key,) = table.primary_key
        free = select(key).where(condition).with_for_update(skip_locked=True)
        statement = delete(table).where(key.in_(free)).returning(key)
        count += len(await session.rows(statement))
    return count
