"""State of the database for writes: of the last one, and of a regular attempt."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from app.core.db.outages.states import Outage, outage_of

# In seconds.
INTERVAL = 5.0
PATIENCE = 0.5
# States that an attempt to write shows, unlike one to read.
UNWRITABLE = frozenset({Outage.READ_ONLY, Outage.FULL, Outage.DAMAGED})


class WriteState:
    """`outage` is None while the database accepts writes."""

    def __init__(self) -> None:
        self.outage: Outage | None = None
        self.next_at = 0.0

    def failed(self, error: BaseException) -> None:
        # Other states show nothing about writes: the database may be busy.
        if (outage := outage_of(error)) in UNWRITABLE:
            self.outage = outage

    def succeeded(self) -> None:
        self.outage = None

    async def check(self, attempt: Callable[[], Awaitable[None]]) -> Outage | None:
        """Return the state, after an attempt at most every INTERVAL seconds."""
        if time.monotonic() < self.next_at:
            return self.outage
        self.next_at = time.monotonic() + INTERVAL
        try:
            async with asyncio.timeout(PATIENCE):
                await attempt()
        except (SQLAlchemyError, OSError) as error:
            self.failed(error)
        else:
            # It takes no space, so only a write shows that there is some again.
            if self.outage is not Outage.FULL:
                self.succeeded()
        return self.outage
