"""Write transactions in batches, sized by the time that one more row takes."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Self

from app.core.db.database import Database
from app.core.db.session import DatabaseSession
from app.core.db.sqlite.busy import LONGEST_PAUSE

FIRST_ROWS = 50
MIN_ROWS = 10
MAX_CHANGE = 2  # a factor
SAMPLES = 12  # transactions; the median ignores those that waited for something


@dataclass(frozen=True)
class Pace:
    """Limits of a transaction, and the pause after it; times in seconds."""

    seconds: float
    max_rows: int
    pause: float


# SQLite has one writer at a time. In this pause, each that waits tries at least once.
SINGLE_WRITER = Pace(seconds=0.011, max_rows=450, pause=LONGEST_PAUSE)
# On PostgreSQL no writer waits for a transaction that deletes old rows.
MANY_WRITERS = Pace(seconds=0.25, max_rows=2_000, pause=0)
PACES = {"sqlite": SINGLE_WRITER, "postgresql": MANY_WRITERS}


@dataclass(frozen=True)
class Timing:
    rows: int
    seconds: float

    def row_seconds(self, other: Self) -> float:
        """Return the time per row, given another transaction of the same latency."""
        slope = (self.seconds - other.seconds) / (self.rows - other.rows)
        mean = (self.seconds + other.seconds) / (self.rows + other.rows)
        return min(max(slope, 0), mean)


class BatchSizer:
    """Adjust `rows` so that they take the seconds of the pace in one transaction.

    A transaction takes `latency + rows * row_seconds`. The latency, such as that of an
    fsync, is no reason for small batches. Batches alternate between the whole and two
    thirds of the size, and the differences of their durations give the time per row.
    """

    def __init__(self, max_rows: int, pace: Pace) -> None:
        self.max_rows = min(max_rows, pace.max_rows)
        self.pace = pace
        self.rows = self.size = min(FIRST_ROWS, self.max_rows)
        self.timings: deque[Timing] = deque(maxlen=SAMPLES)

    def add_timing(self, timing: Timing) -> None:
        self.timings.append(timing)
        pairs = combinations(self.timings, 2)
        if times := [a.row_seconds(b) for a, b in pairs if a.rows != b.rows]:
            self.adjust_size(median(times))
        part = max(self.size * 2 // 3, 1)
        self.rows = part if timing.rows > part else self.size

    def adjust_size(self, row_seconds: float) -> None:
        """Grow or shrink, at most to the double or the half."""
        most = min(self.size * MAX_CHANGE, self.max_rows)
        least = max(self.size // MAX_CHANGE, min(MIN_ROWS, self.max_rows))
        wanted = self.pace.seconds / row_seconds if row_seconds else most
        self.size = max(min(int(wanted), most), least)


class BatchWriter:
    """Write transactions of up to `rows` rows, with pauses on SQLite."""

    def __init__(self, database: Database, max_rows: int) -> None:
        self.database = database
        self.sizer = BatchSizer(max_rows, PACES[database.engine.dialect.name])

    @property
    def rows(self) -> int:
        return self.sizer.rows

    @asynccontextmanager
    async def writing(self, rows: int) -> AsyncIterator[DatabaseSession]:
        """Open a session in a transaction that writes so many rows."""
        async with self.database.writing() as session:
            began = time.monotonic()
            yield session
            ended = time.monotonic()
        self.sizer.add_timing(Timing(rows, ended - began))
        await asyncio.sleep(self.sizer.pace.pause)
