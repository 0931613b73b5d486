"""Times at which keys were used, collected in memory and written in the background.

A request with a key then needs no write, and does not fail where none is possible.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import col

from app.auth.keys.models import ApiKeyUse
from app.core.background import run_every
from app.core.clock import now
from app.core.db.database import Database
from app.core.db.upsert import upsert

WRITE_INTERVAL = 10.0  # seconds
RESOLUTION = timedelta(minutes=5)  # between two writes of one key, by all processes

logger = structlog.get_logger()


class KeyUses:
    def __init__(self) -> None:
        self.used: dict[UUID, datetime] = {}
        self.written: dict[UUID, datetime] = {}  # by this process, in RESOLUTION

    def record(self, key_id: UUID) -> None:
        self.used[key_id] = now()

    @asynccontextmanager
    async def running(self, database: Database) -> AsyncIterator[None]:
        """Write the times every WRITE_INTERVAL seconds, and at the end."""

        async def write() -> None:
            await self.write(database)

        async with run_every(WRITE_INTERVAL, write):
            yield
        try:
            await write()
        except Exception:
            logger.exception("key_uses_lost")

    async def write(self, database: Database) -> None:
        """Write the times of keys that were not written in the last five minutes."""
        begin = now() - RESOLUTION
        recent = {key: at for key, at in self.written.items() if at > begin}
        due = {key: at for key, at in self.used.items() if key not in recent}
        if not due:
            return
        async with database.background_turn(), database.writing() as session:
            for key_id, at in sorted(due.items()):
                statement = upsert(session, ApiKeyUse)
                values = statement.values(key_id=key_id, last_used_at=at)
                await session.execute(
                    values.on_conflict_do_update(
                        index_elements=["key_id"],
                        set_={"last_used_at": at},
                        where=col(ApiKeyUse.last_used_at) <= at - RESOLUTION,
                    )
                )
        self.written = recent | due
        # Others may have been used meanwhile, for the first time.
        others = self.used.keys() - self.written
        self.used = {key: self.used[key] for key in others}
