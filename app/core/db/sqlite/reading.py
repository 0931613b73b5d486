"""An engine for reading SQLite: its connections do not wait for the one that writes."""

from typing import Any

from sqlalchemy import URL, AsyncAdaptedQueuePool, Engine, Pool
from sqlalchemy.engine.base import OptionEngine
from sqlalchemy.ext.asyncio import AsyncEngine

# Connections that stay open: for the read in a thread, and for sessions of the ORM.
POOL_SIZE = 4


class ReadingEngine(OptionEngine):
    """An engine with the options and events of another, but a pool of its own."""

    pool: Any = None  # not the property, which is the pool of the other engine

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, {})
        # Events of either engine are events of both: the guard listens to one.
        self.dispatch = engine.dispatch
        self.pool = make_reading_pool(engine.pool)


def make_reading_pool(pool: Any) -> Pool:
    """Return a pool with the creator and the events of this one, without a limit.

    The last connection that was returned is the next to be given: its cache is warm.
    """
    return AsyncAdaptedQueuePool(
        pool._creator,
        pool_size=POOL_SIZE,
        max_overflow=-1,
        use_lifo=True,
        dialect=pool._dialect,
        _dispatch=pool.dispatch,
    )


def reading_engine(engine: AsyncEngine) -> AsyncEngine:
    """Return the engine for reading: this one, except for a file of SQLite.

    A second connection to SQLite in memory would open another database.
    """
    if not is_file(engine.url):
        return engine
    return AsyncEngine(ReadingEngine(engine.sync_engine))


def is_file(url: URL) -> bool:
    """Return whether the database is a file of SQLite."""
    is_sqlite = url.get_backend_name() == "sqlite"
    return is_sqlite and url.database not in (None, "", ":memory:")
