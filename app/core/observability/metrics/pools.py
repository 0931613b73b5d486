"""Measurement of the pools: waits for a connection, and connections in use."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any


@dataclass
class Waits:
    """All waits for a connection. The library's histogram would take 3 us for each."""

    count: int = 0
    seconds: float = 0

    def measure(self, database: Any) -> None:
        for pool in pools_of(database):
            self.measure_pool(pool)

    def measure_pool(self, pool: Any) -> Any:
        """Measure `connect` of this pool, and of those that replace it."""
        connect, recreate = pool.connect, pool.recreate

        def measured() -> Any:
            started = perf_counter()
            try:
                return connect()
            finally:
                self.seconds += perf_counter() - started
                self.count += 1

        pool.connect = measured
        pool.recreate = lambda: self.measure_pool(recreate())
        return pool


def pools_of(database: Any) -> set[Any]:
    """Return the pools of a Database. On PostgreSQL reads and writes share one."""
    engines = [database.engine, database.read_engine]
    if database.replica:
        engines.append(database.replica.engine)
    return {engine.sync_engine.pool for engine in engines}


def count_in_use(database: Any) -> int:
    return sum(pool.checkedout() for pool in pools_of(database))
