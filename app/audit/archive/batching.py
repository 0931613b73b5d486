"""How many rows to write at once, so that others need not wait for long."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# On SQLite nobody else writes during a transaction, and who waits looks again and again
# at growing intervals: short transactions with pauses between let her in soon.
AIM = 0.02  # seconds that a transaction should take
FEWEST = 50  # rows


class BatchSizer:
    """Starts slowly, and finds out how many rows take as long as a batch should."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows = min(FEWEST, most)

    @asynccontextmanager
    async def measured(self) -> AsyncIterator[None]:
        """Time a transaction; then leave the database to others for as long."""
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        fitting = int(self.rows * AIM / max(seconds, AIM / 2))
        self.rows = min(max(fitting, FEWEST), self.most)
        await asyncio.sleep(seconds)
