"""Measurement of the pools: waits for a connection, and connections in use."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

Observe = Callable[[float], None]


def pools_of(database: Any) -> set[Any]:
    """Return the pools of a Database. On PostgreSQL reads and writes share one."""
    engines = (database.engine, database.read_engine)
    return {engine.sync_engine.pool for engine in engines}


def count_in_use(database: Any) -> int:
    return sum(pool.checkedout() for pool in pools_of(database))


def measure_waits(database: Any, observe: Observe) -> None:
    for pool in pools_of(database):
        measure_pool(pool, observe)


def measure_pool(pool: Any, observe: Observe) -> Any:
    """Measure `connect` of this pool, and of those that replace it after an outage."""
    connect, recreate = pool.connect, pool.recreate

    def measured() -> Any:
        started = perf_counter()
        try:
            return connect()
        finally:
            observe(perf_counter() - started)

    pool.connect = measured
    pool.recreate = lambda: measure_pool(recreate(), observe)
    return pool
