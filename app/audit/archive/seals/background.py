"""Background task that seals new rows while the application runs."""

from contextlib import AbstractAsyncContextManager

from app.audit.archive.seals.sealer import Sealer
from app.core.background import run_every
from app.core.config import Settings
from app.core.db.database import Database

SEAL_INTERVAL = 60.0  # seconds


def run_sealer(
    database: Database, settings: Settings
) -> AbstractAsyncContextManager[None]:
    """Seal new rows every SEAL_INTERVAL until the context exits."""
    return run_every(SEAL_INTERVAL, Sealer(database, settings).seal)
