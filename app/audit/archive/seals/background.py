"""Sealing in the background, for as long as the application runs."""

from contextlib import AbstractAsyncContextManager

from app.audit.archive.seals.sealer import Sealer
from app.core.background import run_every
from app.core.config import Settings
from app.core.db.database import Database

EVERY = 60.0  # seconds


def sealing(
    database: Database, settings: Settings
) -> AbstractAsyncContextManager[None]:
    """Seal in the background for as long as this block runs."""
    return run_every(EVERY, Sealer(database, settings).seal)
