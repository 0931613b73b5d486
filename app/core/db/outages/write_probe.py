"""Probe for whether the database accepts writes."""

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


class WriteProbe:
    """State of the database for writes: `outage` is None if it accepts them."""

    def __init__(self, attempt: Callable[[], Awaitable[None]]) -> None:
        self.attempt = attempt
        self.outage: Outage | None = None
        self.next_at = 0.0

    async def check(self) -> Outage | None:
        """Return the state; attempt to write at most every INTERVAL seconds."""
        if time.monotonic() < self.next_at:
            return self.outage
        self.next_at = time.monotonic() + INTERVAL
        try:
            async with asyncio.timeout(PATIENCE):
                await self.attempt()
        except (SQLAlchemyError, OSError) as error:
            # Others show nothing about writes: the database may be busy.
            if (outage := outage_of(error)) in UNWRITABLE:
                self.outage = outage
        else:
            self.outage = None
        return self.outage
