"""Samples of the state of the application, for the metrics."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from app.core.background import run_every
from app.core.observability.counts import (
    LOGINS_THROTTLED,
    REQUESTS_LIMITED,
    WRITES_REFUSED,
    counts,
)
from app.core.observability.log_output import log_output
from app.core.observability.metrics.pools import Waits, count_in_use
from app.core.web.health import Health

SAMPLE_INTERVAL = 2.0  # seconds
Readers = dict[str, Callable[[], float | Mapping[str, float]]]


class Gauges(Protocol):
    def readers(self) -> Readers:
        """Return functions that read a value at once, by the name of its metric."""

    async def refresh(self) -> None:
        """Ask the database for what the functions return."""


@asynccontextmanager
async def sampling(app: Any, health: Health, gauges: Gauges) -> AsyncIterator[None]:
    """Sample while the block runs, if this process has metrics."""
    metrics = app.metrics
    if metrics is None:
        yield
        return
    readers = core_readers(health) | gauges.readers()

    async def sample() -> None:
        # The values that need no database come first: they matter when it is away.
        metrics.sample(readers)
        await gauges.refresh()

    async with run_every(SAMPLE_INTERVAL, sample):
        yield


def core_readers(health: Health) -> Readers:
    database, waits = health.database, Waits()
    waits.measure(database)
    of_replica: Readers = {}
    if replica := database.replica:
        of_replica = {
            "replica_lag_seconds": replica.seconds_behind,
            "replica_reads_total": lambda: replica.reads,
        }
    return of_replica | {
        "ready": lambda: health.fault is None,
        "writable": lambda: database.writes.outage is None,
        "database_connections_in_use": lambda: count_in_use(database),
        "database_checkouts_total": lambda: waits.count,
        "database_wait_seconds_total": lambda: waits.seconds,
        "logins_throttled_total": lambda: counts[LOGINS_THROTTLED],
        "requests_limited_total": lambda: {
            limit: counts[name] for limit, name in REQUESTS_LIMITED.items()
        },
        "unaudited_writes_refused_total": lambda: counts[WRITES_REFUSED],
        "log_lines_lost_total": lambda: log_output.lost_lines,
    }
