"""Current time, and datetimes as microseconds since 1970, which both databases keep."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
# Clocks of two hosts may differ by this. A time of another host that lies further in
# the future was set by a wrong clock.
MAX_SKEW = timedelta(seconds=10)


def now() -> datetime:
    return datetime.now(UTC)


def to_ticks(at: datetime) -> int:
    return (at - EPOCH) // TICK


def from_ticks(count: int) -> datetime:
    return EPOCH + count * TICK
