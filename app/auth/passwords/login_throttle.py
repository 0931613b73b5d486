"""Login throttle: rate limits on password attempts, shared through the database.

Each attempt is counted before its password is verified, so that concurrent attempts
can't exceed a limit. A correct password undoes its count.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

import structlog
from sqlalchemy import case, delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.exceptions import RateLimitedException
from app.auth.models import LoginThrottle
from app.core.clock import now
from app.core.db.database import Database
from app.core.db.upsert import upsert

logger = structlog.get_logger()


@dataclass(frozen=True)
class Limit:
    """Rate limit: at most `max_attempts` in a fixed window."""

    name: str
    max_attempts: int
    window: timedelta


EMAIL_IP_LIMIT = Limit("pair", 5, timedelta(minutes=5))
EMAIL_LIMIT = Limit("email", 50, timedelta(hours=1))
IP_LIMIT = Limit("ip", 100, timedelta(hours=1))
LONGEST_WINDOW = max(EMAIL_IP_LIMIT.window, EMAIL_LIMIT.window, IP_LIMIT.window)


@dataclass(frozen=True)
class Attempt:
    """A password attempt. HMAC keys keep e-mail and IP addresses out of the table."""

    email_key: str
    ip: str
    hmac_key: bytes

    def keys(self) -> dict[Limit, str]:
        subjects = {
            EMAIL_IP_LIMIT: f"{self.email_key}\n{self.ip}",
            EMAIL_LIMIT: self.email_key,
            IP_LIMIT: self.ip,
        }
        return {
            limit: self.key(f"{limit.name}\n{subject}")
            for limit, subject in subjects.items()
        }

    def key(self, text: str) -> str:
        return hmac.new(self.hmac_key, text.encode(), sha256).hexdigest()


class Throttle:
    """Attempt counters, in the transaction of the given session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def count(self, attempt: Attempt) -> int:
        """Count an attempt; return the seconds to wait, or 0 if it is allowed."""
        # The limit per e-mail and IP comes first: what it blocks is not counted by the
        # others, or one address could lock an account for everyone.
        for limit, key in attempt.keys().items():
            if seconds := await self._count_limit(limit, key):
                return seconds
        return 0

    async def reset(self, attempt: Attempt) -> None:
        """Clear the count per e-mail and IP; subtract this attempt from the others."""
        keys = attempt.keys()
        pair = keys.pop(EMAIL_IP_LIMIT)
        table = LoginThrottle
        await self.session.execute(delete(table).where(col(table.key) == pair))
        await self.session.execute(
            update(table)
            .where(col(table.key).in_(keys.values()))
            .values(count=table.count - 1)
        )

    async def _count_limit(self, limit: Limit, key: str) -> int:
        started, count = await self._increment(limit, key)
        left = started + limit.window - now()
        return max(1, ceil(left.total_seconds())) if count > limit.max_attempts else 0

    async def _increment(self, limit: Limit, key: str) -> tuple[datetime, int]:
        instant = now()
        table = LoginThrottle
        expired = col(table.window_started_at) <= instant - limit.window
        statement = upsert(self.session, table).values(
            key=key, count=1, window_started_at=instant
        )
        row = await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_={
                    "count": case((expired, 1), else_=col(table.count) + 1),
                    "window_started_at": case(
                        (expired, instant), else_=col(table.window_started_at)
                    ),
                },
            ).returning(col(table.window_started_at), col(table.count))
        )
        started, count = row.one()
        return started, count


async def count_attempt(database: Database, attempt: Attempt) -> None:
    """Count an attempt and commit, or raise RateLimitedException at the limit."""
    async with database.writing() as session:
        seconds = await Throttle(session).count(attempt)
    if seconds:
        logger.warning("login_blocked", ip=attempt.ip)
        raise RateLimitedException(seconds)
