"""Counters of password attempts, in the transaction of the given session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, and_, case, delete, or_, select, update
from sqlmodel import col

from app.auth.models import LoginThrottle
from app.auth.passwords.attempts import Attempt, Limit
from app.core.clock import MAX_SKEW, now
from app.core.db.session import DatabaseSession
from app.core.db.upsert import upsert

table = LoginThrottle
key, count, failures = col(table.key), col(table.count), col(table.failures)
started = col(table.window_started_at)

# The window in which each counter has counted an attempt.
Reservation = Mapping[Limit, tuple[str, datetime]]


class CounterFullError(Exception):
    """A counter of an attempt is full: roll back, so that the others forget it."""


@dataclass(frozen=True)
class Refusal:
    """A limit is reached for `seconds`; not finally if attempts are in flight."""

    seconds: int
    is_final: bool


class AttemptCounters:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def find_refusal(self, attempt: Attempt) -> Refusal | None:
        """Return why the attempt is not allowed now. This locks no counter."""
        instant = now()
        limits = {name: limit for limit, name in attempt.keys.items()}
        full = (is_full(name, limit, instant) for limit, name in attempt.keys.items())
        query = select(key, failures, started).where(or_(*full))
        refusals = [
            Refusal(
                seconds_left(limit, row["window_started_at"], instant),
                row["failures"] >= limit.max_attempts,
            )
            for row in await self.session.rows(query)
            if (limit := limits[row["key"]])
        ]
        return max(refusals, key=lambda each: each.is_final, default=None)

    async def reserve(self, attempt: Attempt) -> Reservation:
        """Count an attempt.

        Raises:
            CounterFullError: it is not allowed.
        """
        return {
            limit: (name, await self._increment(limit, name))
            for limit, name in attempt.keys.items()
        }

    async def fail(self, reservation: Reservation) -> None:
        for window in reservation.values():
            await self.session.execute(
                update(table).where(is_in(window)).values(failures=failures + 1)
            )

    async def release(self, reservation: Reservation) -> None:
        for window in reservation.values():
            await self.session.execute(
                update(table).where(is_in(window)).values(count=count - 1)
            )

    async def succeed(self, reservation: Reservation) -> None:
        """Clear the counters of this client; subtract this attempt from the others."""
        # In the order in which attempts lock them: in another, two would deadlock.
        for limit, window in reservation.items():
            if limit.is_cleared:
                name, _ = window
                await self.session.execute(delete(table).where(key == name))
            else:
                await self.release({limit: window})

    async def _increment(self, limit: Limit, name: str) -> datetime:
        instant = now()
        is_over = has_ended(instant, limit.window)
        statement = upsert(self.session, table).values(
            key=name, count=1, failures=0, window_started_at=instant
        )
        result = await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_={
                    "count": case((is_over, 1), else_=count + 1),
                    "failures": case((is_over, 0), else_=failures),
                    "window_started_at": case((is_over, instant), else_=started),
                },
                where=or_(is_over, count < limit.max_attempts),
            ).returning(started)
        )
        window: datetime | None = result.scalar_one_or_none()
        if window is None:
            raise CounterFullError
        return window


def has_ended(instant: datetime, window: timedelta) -> ColumnElement[bool]:
    """Return whether a window has ended, or begins in the future: a clock was wrong."""
    return or_(started <= instant - window, started > instant + MAX_SKEW)


def is_full(name: str, limit: Limit, instant: datetime) -> ColumnElement[bool]:
    is_over = has_ended(instant, limit.window)
    return and_(key == name, count >= limit.max_attempts, ~is_over)


def seconds_left(limit: Limit, begin: datetime, instant: datetime) -> int:
    left = min(begin + limit.window - instant, limit.window)
    return max(1, ceil(left.total_seconds()))


def is_in(window: tuple[str, datetime]) -> ColumnElement[bool]:
    name, begin = window
    return and_(key == name, started == begin)
