"""State of the erasures for /readyz: whether the database has all of the ledger."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.erasure.eraser import Eraser
from app.audit.erasure.exceptions import ErasureException
from app.audit.erasure.ledger import Entry, open_ledger
from app.audit.erasure.reapplying import find_missing
from app.audit.personal.exceptions import KeysUnavailableException
from app.core.background import run_every
from app.core.config import Settings
from app.core.db.database import Database

CHECK_INTERVAL = 10.0  # seconds
REAPPLY = "run `python scripts/personal_data.py reapply`"

logger = structlog.get_logger()


class ErasureWatch:
    """The state, and the erasures that need no further look: the log keeps them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.applied: set[Entry] = set()
        self.state = "ok"

    async def check(self) -> str:
        """Check again, and log a fault once, when it begins."""
        before, self.state = self.state, await self.describe()
        if self.state not in ("ok", before):
            logger.error("personal_data", reason=self.state)
        return self.state

    async def describe(self) -> str:
        try:
            eraser = Eraser(self.database, open_ledger(self.settings))
            await eraser.require_keys()
            missing = len(await find_missing(eraser, self.applied))
        except (ErasureException, KeysUnavailableException) as error:
            return str(error)
        except (SQLAlchemyError, OSError) as error:
            return f"not checked: {type(error).__name__}"
        return f"{missing} erasures are not applied: {REAPPLY}" if missing else "ok"


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
