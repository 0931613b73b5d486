"""Sealing in the background, for as long as the application runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.archive.seals import Sealer
from app.core.config import Settings
from app.core.database import Database

logger = structlog.get_logger()

EVERY = 60.0  # seconds


async def seal_for_ever(sealer: Sealer) -> None:
    while True:
        await asyncio.sleep(EVERY)
        try:
            await sealer.seal()
        except (SQLAlchemyError, OSError):
            logger.exception("audit_not_sealed")


@asynccontextmanager
async def sealing(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Seal in the background for as long as this block runs."""
    task = asyncio.create_task(seal_for_ever(Sealer(database, settings)))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
