"""The one reader of a process: it reads each new change once, for all streams."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.archive.seals.cursor import Position
from app.audit.feed.entries import make_entries
from app.audit.feed.recent_changes import RecentChanges
from app.audit.feed.revocations import Revocations
from app.audit.personal.keys import ENTITY
from app.audit.settled.queries import BEGINNING
from app.audit.settled.repository import SettledPage, SettledRepository
from app.core.db.database import Database
from app.core.exceptions import UnavailableException

PAGE_ROWS = 200
GAP = 0.05  # seconds between two reads, so that a busy log wakes no stream too often
FIRST_PAUSE = 0.05

logger = structlog.get_logger()


class ChangeReader:
    def __init__(
        self, database: Database, interval: float, revocations: Revocations
    ) -> None:
        self.database, self.interval = database, interval
        self.revocations = revocations
        self.recent = RecentChanges()
        self.woken = asyncio.Event()
        # Set when there are new changes, and then replaced.
        self.turn = asyncio.Event()

    def wake(self) -> None:
        self.woken.set()

    def release(self) -> None:
        """Wake all streams."""
        turn, self.turn = self.turn, asyncio.Event()
        turn.set()

    async def run(self, needed: asyncio.Event) -> None:
        """Read until no stream needs it. A late commit is awaited at longer pauses."""
        pause = FIRST_PAUSE
        while needed.is_set():
            self.woken.clear()
            is_settled = await self.try_to_read()
            await asyncio.sleep(GAP)
            pause = self.interval if is_settled else min(2 * pause, self.interval)
            if await self.is_woken_within(pause):
                pause = FIRST_PAUSE
        self.recent.clear(BEGINNING)

    async def is_woken_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self.woken.wait()
        except TimeoutError:
            return False

    async def try_to_read(self) -> bool:
        """Read to the end; return whether no transaction runs that may add rows."""
        try:
            if await self.revocations.find_sessions():
                self.release()
            return await self.read()
        # Temporary. Streams end by themselves if their permissions cannot be checked.
        except (UnavailableException, SQLAlchemyError, OSError) as error:
            logger.warning("feed_not_read", reason=type(error).__name__)
        # An error must not end the task, on which all streams depend.
        except Exception:
            logger.exception("feed_not_read")
        return True

    async def read(self) -> bool:
        if self.recent.complete == BEGINNING:
            async with self.database.reading() as session:
                self.skip_to(await SettledRepository(session).get_complete())
        while True:
            page = await self.read_page()
            entries = make_entries(page.rows)
            if any(entry.entity == ENTITY for entry in entries):
                # What it has may be of a person who was erased.
                self.recent.clear(self.recent.complete)
            self.recent.add(entries, page.reached)
            self.revocations.notice(entries)
            if entries:
                self.release()
            if len(page.rows) < PAGE_ROWS:
                return page.is_settled
            await asyncio.sleep(0)

    def skip_to(self, position: Position) -> None:
        """Continue from a position; wake the streams that begin further behind."""
        self.recent.clear(position)
        self.revocations.hasten_all()
        self.release()

    async def read_page(self) -> SettledPage:
        position = self.recent.complete
        async with self.database.reading() as session:
            settled = SettledRepository(session)
            page = await settled.read_after(position, PAGE_ROWS)
            if page.rows and await settled.is_archived(position, page.reached):
                # Streams behind it read the log themselves, and find this out.
                self.skip_to(page.reached)
                return page._replace(rows=[])
            return page
