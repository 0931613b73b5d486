"""A legal hold that another process places, and what the database has then."""

import asyncio
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy import Executable, text

from app.audit.archive.holds import HoldRepository
from app.audit.archive.models import AuditHold
from app.core.config import Settings
from app.core.db.database import Database

WAITING = text("""
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()
""")
PAUSE = 0.02  # seconds


class Placing:
    """`query` is asked as soon as the hold is placed."""

    def __init__(self, settings: Settings, entity: str, query: Executable) -> None:
        self.settings = settings
        self.entity = entity
        self.query = query
        self.threads = ThreadPoolExecutor()
        self.answer: Future[Any] | None = None

    def begin(self) -> None:
        """Return when the hold is placed, or waits for another transaction."""
        self.answer = self.threads.submit(lambda: asyncio.run(self.place()))
        while not (self.answer.done() or asyncio.run(self.ask(WAITING))):
            time.sleep(PAUSE)

    async def place(self) -> Any:
        database = Database(self.settings)
        hold = AuditHold(entity=self.entity, reason="Case 1", placed_by="ann")
        try:
            async with database.writing() as session:
                await HoldRepository(session).add_hold(hold)
        finally:
            await database.close()
        return await self.ask(self.query)

    async def ask(self, query: Executable) -> Any:
        database = Database(self.settings)
        try:
            async with database.reading() as session:
                return await session.scalar(query)
        finally:
            await database.close()

    def result(self) -> Any:
        """Return the answer of then, and that of now."""
        assert self.answer
        then = self.answer.result()
        self.threads.shutdown()
        return then, asyncio.run(self.ask(self.query))
