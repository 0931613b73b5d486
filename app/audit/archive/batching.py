"""Batch sizes of write transactions, adjusted to their duration."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# SQLite has one writer at a time, and a blocked writer polls with growing intervals.
# Short transactions, with a pause after each, bound its wait.
TARGET_SECONDS = 0.02
MIN_ROWS = 50


class BatchSizer:
    """Adjust `rows`, from MIN_ROWS up, so that a transaction takes TARGET_SECONDS."""

    def __init__(self, max_rows: int) -> None:
        self.max_rows = max_rows
        self.rows = min(MIN_ROWS, max_rows)

    @asynccontextmanager
    async def timed_transaction(self) -> AsyncIterator[None]:
        """Time a transaction, adjust `rows`, and pause for as long as it took."""
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        target = int(self.rows * TARGET_SECONDS / max(seconds, TARGET_SECONDS / 2))
        self.rows = min(max(target, MIN_ROWS), self.max_rows)
        await asyncio.sleep(seconds)
