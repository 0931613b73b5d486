"""The change feed of a process: its reader, its streams and their limits."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.feed.open_streams import OpenStreams
from app.audit.feed.permit import Permit
from app.audit.feed.reader import ChangeReader
from app.audit.feed.revocations import Revocations
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.notify.channel import has_notifications, listen, notify
from app.core.exceptions import UnavailableException
from app.core.observability.draining import draining

CHANNEL = "audit_change"
# Seconds between two reads that nothing has asked for: commits of other processes and
# programs that do not notify.
LISTENING_INTERVAL = 1.0
POLLING_INTERVAL = 0.2
NOTIFY_PAUSE = 0.02  # seconds, in which commits share a notification
CONNECTIONS = 2  # that all streams may use at once, of those of the pool

logger = structlog.get_logger()


class Feed:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.listens = has_notifications(settings)
        interval = LISTENING_INTERVAL if self.listens else POLLING_INTERVAL
        self.streams = OpenStreams()
        revocations = Revocations(database, self.streams.permits)
        self.reader = ChangeReader(database, interval, revocations)
        self.turns = asyncio.Semaphore(CONNECTIONS)
        self.committed = asyncio.Event()
        self.is_stopping = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.follow())]
        if self.listens:
            tasks.append(asyncio.create_task(self.announce()))
        self.database.after_commit = self.on_commit
        draining.endings.append(self.stop)
        try:
            yield
        finally:
            draining.endings.remove(self.stop)
            self.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """End all streams, and refuse new ones."""
        self.is_stopping = True
        self.reader.release()

    def on_commit(self) -> None:
        self.committed.set()
        self.reader.wake()

    async def follow(self) -> None:
        """Read the log while there are streams."""
        while True:
            await self.streams.exist.wait()
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self.listen())
                await self.reader.run(self.streams.exist)
                listening.cancel()

    async def listen(self) -> None:
        if self.listens:
            await listen(self.settings, CHANNEL, self.reader.wake)

    async def announce(self) -> None:
        """Tell other processes of commits, as they may have streams."""
        while True:
            await self.committed.wait()
            await asyncio.sleep(NOTIFY_PAUSE)
            self.committed.clear()
            try:
                await notify(self.database.engine, CHANNEL)
            except (SQLAlchemyError, OSError) as error:
                logger.debug("not_notified", reason=type(error).__name__)

    @contextmanager
    def opened(self, permit: Permit) -> Iterator[None]:
        """Count a stream while the block runs.

        Raises:
            TooManyStreamsException: there are as many as allowed.
            UnavailableException: the server is stopping.
        """
        if self.is_stopping:
            raise UnavailableException("The server is stopping")
        try:
            with self.streams.opened(permit):
                yield
        finally:
            self.reader.wake()  # to end, if there is no stream


@asynccontextmanager
async def run_feed(database: Database, settings: Settings) -> AsyncIterator[Feed]:
    feed = Feed(database, settings)
    async with feed.running():
        yield feed
