"""A client that writes to the change log at a steady rate, and times each write."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

from sqlalchemy import insert

from app.audit.archive.logs import CHANGES
from app.core.db.database import Database
from app.core.db.ids import uuid7
from scripts.bench.archive.rows import make_row
from tests.databases import make_settings


class Writer(Thread):
    """Insert rows, at least one, each in a transaction of its own."""

    def __init__(self, url: str, rate: float) -> None:
        super().__init__()
        self.url = url
        self.rate = rate
        self.seconds: list[float] = []
        self.done = Event()

    def run(self) -> None:
        asyncio.run(self.write())

    async def write(self) -> None:
        database = Database(make_settings(self.url, DATABASE_TIMEOUT=30))
        async with database.reading():  # connect first
            pass
        due = time.monotonic()
        while not (self.seconds and self.done.is_set()):
            began = time.monotonic()
            async with database.writing() as session:
                row = make_row(1, datetime.now(UTC)) | {"entity_id": uuid7()}
                await session.execute(insert(CHANGES.live).values(row))
            self.seconds.append(time.monotonic() - began)
            due += 1 / self.rate
            await asyncio.sleep(max(0, due - time.monotonic()))
        await database.close()

    @property
    def p99(self) -> float:
        """The 99th percentile, in milliseconds."""
        return sorted(self.seconds)[len(self.seconds) * 99 // 100] * 1000

    @property
    def longest(self) -> float:
        return max(self.seconds) * 1000


@contextmanager
def background_writer(url: str, rate: float) -> Iterator[Writer]:
    writer = Writer(url, rate)
    writer.start()
    try:
        yield writer
    finally:
        writer.done.set()
        writer.join()
