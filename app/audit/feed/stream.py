"""The stream of one client: changes after its position, heartbeats and checks.

It keeps a position and no queue: a client that does not read holds one chunk.
"""

import asyncio
from contextlib import suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.archive.seals.cursor import Position
from app.audit.feed.entries import Entry, Event, make_entries
from app.audit.feed.events import HEARTBEAT, RESET, Start, change_event, mark
from app.audit.feed.feed import Feed
from app.audit.feed.permit import Permit
from app.audit.feed.schemas import FeedQuery
from app.audit.settled.repository import SettledRepository
from app.audit.visibility import PERMISSION as SEES_ADDRESSES
from app.auth.permissions.principal import Principal
from app.core.exceptions import AppException

CHUNK = 64_000  # characters that are sent at once
PAGE_ROWS = 100

logger = structlog.get_logger()


class ChangeStream:
    def __init__(
        self, feed: Feed, viewer: Principal, query: FeedQuery, start: Start
    ) -> None:
        self.feed, self.permit, self.filters = feed, Permit(viewer), query.filters()
        self.style = query.format
        self.position = start.position
        # Sent at once, so that the client sees that the stream is open.
        name = RESET if start.is_reset else HEARTBEAT
        self.greeting = [mark(name, start.position)]

    async def next_events(self) -> list[Event]:
        """Wait for the next events; return none at the end of the stream."""
        if self.greeting:
            greeting, self.greeting = self.greeting, []
            return greeting
        try:
            return await self.wait_for_events()
        # The permission is gone, or cannot be checked.
        except (AppException, SQLAlchemyError, OSError) as error:
            logger.info("feed_ended", reason=type(error).__name__)
            return []

    async def wait_for_events(self) -> list[Event]:
        while not self.feed.is_stopping and self.permit.seconds_left() > 0:
            turn = self.feed.reader.turn
            if self.permit.seconds_until_due() <= 0:
                await self.check()
                return [*await self.take(), mark(HEARTBEAT, self.position)]
            if events := await self.take():
                return events
            if self.position >= self.feed.reader.recent.complete:
                await self.wait(turn)
        return []

    async def wait(self, turn: asyncio.Event) -> None:
        permit = self.permit
        seconds = min(permit.seconds_until_due(), permit.seconds_left())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await turn.wait()

    async def check(self) -> None:
        async with self.feed.turns, self.feed.database.reading() as session:
            await self.permit.check(session)

    async def take(self) -> list[Event]:
        """Return the next changes that fit in a chunk, and move behind them."""
        recent = self.feed.reader.recent
        if self.position < recent.floor:
            return await self.catch_up()
        return self.collect(recent.after(self.position), recent.complete)

    async def catch_up(self) -> list[Event]:
        """Return changes from a page of the log; a reset if some are archived."""
        await asyncio.sleep(0)  # SQLite answers without giving up control
        async with self.feed.turns, self.feed.database.reading() as session:
            settled = SettledRepository(session)
            page = await settled.read_after(self.position, PAGE_ROWS)
            is_archived = await settled.is_archived(self.position, page.reached)
            complete = await settled.get_complete()
        if is_archived:
            self.position = complete
            return [mark(RESET, complete)]
        return self.collect(make_entries(page.rows), page.reached)

    def collect(self, entries: list[Entry], reached: Position) -> list[Event]:
        events: list[Event] = []
        size = 0
        for entry in entries:
            self.position = entry.position
            if entry.has(self.filters):
                events.append(self.event(entry))
                size += len(events[-1].data)
                if size > CHUNK:
                    return events
        self.position = max(self.position, reached)
        return events

    def event(self, entry: Entry) -> Event:
        sees_addresses = self.permit.viewer.has_permission(SEES_ADDRESSES)
        return change_event(entry, self.style, sees_addresses=sees_addresses)
