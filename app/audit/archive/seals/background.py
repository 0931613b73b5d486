"""Background task that seals new rows while the application runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.audit.archive.seals.sealer import Sealer
from app.core.background import run_every
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.migrations import read_revision

SEAL_INTERVAL = 60.0  # seconds


@asynccontextmanager
async def run_sealer(database: Database, settings: Settings) -> AsyncIterator[Sealer]:
    """Seal new rows every SEAL_INTERVAL until the context exits."""
    sealer = Sealer(database, settings)

    async def seal_all_columns() -> None:
        # A seal covers the whole row. With a newer schema, rows may have columns that
        # this release doesn't know: leave them to the newer one.
        if (await read_revision(database)).is_head:
            async with database.background_turn():
                await sealer.seal()

    async with run_every(SEAL_INTERVAL, seal_all_columns):
        yield sealer
