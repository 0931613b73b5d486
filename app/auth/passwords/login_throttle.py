"""How often somebody may try a password. Counted in the database, by all processes.

An attempt is counted before it is judged, so that eighty at once are counted as well as
one after another; a right one is given back.
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
    """So many attempts in so long a window."""

    kind: str
    most: int
    window: timedelta


PAIR = Limit("pair", 5, timedelta(minutes=5))
EMAIL = Limit("email", 50, timedelta(hours=1))
ADDRESS = Limit("ip", 100, timedelta(hours=1))
LONGEST_WINDOW = max(PAIR.window, EMAIL.window, ADDRESS.window)


@dataclass(frozen=True)
class Attempt:
    """Who tries, from where. Its keys tell nobody who has not our own key."""

    email_key: str
    ip: str
    secret: bytes

    def keys(self) -> dict[Limit, str]:
        words = {
            PAIR: f"{self.email_key}\n{self.ip}",
            EMAIL: self.email_key,
            ADDRESS: self.ip,
        }
        return {limit: self.key(f"{limit.kind}\n{words[limit]}") for limit in words}

    def key(self, words: str) -> str:
        return hmac.new(self.secret, words.encode(), sha256).hexdigest()


class Throttle:
    """Counts in the transaction of its session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def count(self, attempt: Attempt) -> int:
        """Count this attempt; return the seconds to wait, or 0 when it may go on."""
        # The pair comes first: whoever it stops counts no further, or one address could
        # lock an account for all others.
        for limit, key in attempt.keys().items():
            if seconds := await self._count(limit, key):
                return seconds
        return 0

    async def reset(self, attempt: Attempt) -> None:
        """Forget the failures of this pair; the others lose just this attempt."""
        keys = attempt.keys()
        pair = keys.pop(PAIR)
        table = LoginThrottle
        await self.session.execute(delete(table).where(col(table.key) == pair))
        await self.session.execute(
            update(table)
            .where(col(table.key).in_(keys.values()))
            .values(count=table.count - 1)
        )

    async def _count(self, limit: Limit, key: str) -> int:
        started, count = await self._upsert(limit, key)
        left = started + limit.window - now()
        return max(1, ceil(left.total_seconds())) if count > limit.most else 0

    async def _upsert(self, limit: Limit, key: str) -> tuple[datetime, int]:
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
    """Count an attempt, for good, before it is judged; refuse one too many."""
    async with database.writing() as session:
        seconds = await Throttle(session).count(attempt)
    if seconds:
        logger.warning("login_blocked", ip=attempt.ip)
        raise RateLimitedException(seconds)
