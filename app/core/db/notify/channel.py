"""PostgreSQL's NOTIFY and LISTEN: a hint to all processes to look at a table.

It is sent after a commit, not in the transaction: PostgreSQL commits transactions that
notify one after another. A hint may be lost, so a process also polls.
"""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.enums import Pooler

CHECK_SECONDS, RETRY_SECONDS = 1.0, 5.0

logger = structlog.get_logger()


def has_notifications(settings: Settings) -> bool:
    """Return whether the database notifies; through a pooler nothing can listen."""
    is_sqlite = settings.DATABASE_URL.startswith("sqlite")
    return not is_sqlite and settings.DATABASE_POOLER is Pooler.OFF


async def notify(engine: AsyncEngine, channel: str) -> None:
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        await raw.driver_connection.execute(f"NOTIFY {channel}")  # type: ignore[union-attr]


async def listen(settings: Settings, channel: str, wake: Callable[[], None]) -> None:
    """Call `wake` at each notification, over one connection, until cancelled."""
    while True:
        # Not from the pool of requests, which may have one connection only.
        engine = make_engine(settings)
        try:
            await listen_once(engine, channel, wake)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("notifications_interrupted", reason=type(error).__name__)
        finally:
            await engine.dispose()
        await asyncio.sleep(RETRY_SECONDS)


async def listen_once(
    engine: AsyncEngine, channel: str, wake: Callable[[], None]
) -> None:
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.add_listener(channel, lambda *_: wake())  # type: ignore[union-attr]
        wake()
        try:
            while not driver.is_closed():  # type: ignore[union-attr]
                await asyncio.sleep(CHECK_SECONDS)
        finally:
            await connection.invalidate()
