"""Background task that seals new rows while the application runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.audit.archive.seals.sealer import Sealer
from app.core.background import run_every
from app.core.config import Settings
from app.core.db.database import Database

SEAL_INTERVAL = 60.0  # seconds


@asynccontextmanager
async def run_sealer(database: Database, settings: Settings) -> AsyncIterator[Sealer]:
    """Seal new rows every SEAL_INTERVAL until the context exits."""
    sealer = Sealer(database, settings)
    async with run_every(SEAL_INTERVAL, sealer.seal):
        yield sealer
