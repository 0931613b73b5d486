"""State of the erasures for /readyz: whether the database has all of the ledger."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from operator import attrgetter

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.erasure.eraser import Eraser
from app.audit.erasure.exceptions import ErasureException
from app.audit.erasure.ledger import Entry, open_ledger
from app.audit.erasure.reapplying import find_missing, find_unlisted
from app.audit.personal.exceptions import KeysUnavailableException
from app.core.background import DaemonThread, run_every
from app.core.config import Settings
from app.core.db.database import Database

CHECK_INTERVAL = 10.0  # seconds
REAPPLY = "run `python scripts/personal_data.py reapply`"

logger = structlog.get_logger()


class ErasureWatch:
    """The state, and the erasures that the log has, which are not looked up again.

    Those that the ledger lacks are looked for at the start and in a restored database,
    and then as long as there are any.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.thread = DaemonThread()
        self.applied: set[Entry] = set()
        self.may_be_unlisted = True
        self.state = self.found = ""

    async def check(self) -> str:
        """Check again, and log a fault once, when it begins.

        A difference counts when it is found twice: an erasure may be under way.
        """
        before, self.found = self.found, await self.describe()
        if self.found != self.state and before in ("", self.found):
            self.state = self.found
            if self.state != "ok":
                logger.error("personal_data", reason=self.state)
        return self.state

    async def describe(self) -> str:
        try:
            eraser = Eraser(self.database, open_ledger(self.settings))
            await eraser.require_keys()
            entries = await self.thread.call(eraser.ledger.read)
            missing = len(await self.find_unapplied(entries))
            if self.may_be_unlisted:
                unlisted = len(await find_unlisted(eraser, entries))
                self.may_be_unlisted = unlisted > 0
                missing += unlisted
        except (ErasureException, KeysUnavailableException) as error:
            return str(error)
        except (SQLAlchemyError, OSError) as error:
            return f"not checked: {type(error).__name__}"
        return f"{missing} erasures are not applied: {REAPPLY}" if missing else "ok"

    async def find_unapplied(self, entries: list[Entry]) -> list[Entry]:
        newest = sorted(entries, key=attrgetter("at"))[-1:]
        if await find_missing(self.database, newest):
            self.applied.clear()  # a restored database lacks the newest ones
            self.may_be_unlisted = True
        unknown = [each for each in entries if each not in self.applied]
        missing = await find_missing(self.database, unknown)
        self.applied.update(set(unknown) - set(missing))
        return missing


@asynccontextmanager
async def watch_erasures(
    database: Database, settings: Settings
) -> AsyncIterator[dict[str, Callable[[], str]]]:
    """Return the state for /readyz; none if personal values are in clear."""
    if not settings.PERSONAL_KEYS_URL:
        yield {}
        return
    watch = ErasureWatch(database, settings)
    await watch.check()
    async with run_every(CHECK_INTERVAL, watch.check):
        yield {"personal_data": lambda: watch.state}
