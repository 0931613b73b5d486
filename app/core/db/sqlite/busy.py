"""Waiting for a database that another process has locked.

SQLite's own waiting, the busy timeout, would stop the event loop.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from random import uniform
from typing import TypeVar

ResultT = TypeVar("ResultT")

PRIMARY_CODE = 0xFF  # the part of an extended result code
# Seconds between two attempts. A write takes about one millisecond. At random, because
# processes that wait equally long would meet again.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.000_2, 0.004


def is_busy(error: sqlite3.OperationalError) -> bool:
    """Return whether another process had a lock. The statement has had no effect."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & PRIMARY_CODE == sqlite3.SQLITE_BUSY


async def retry_while_busy(call: Callable[[], ResultT], timeout: float) -> ResultT:
    """Call again and again until the database is not busy; other tasks run meanwhile.

    Raises:
        sqlite3.OperationalError: it is still busy after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    pause = SHORTEST_PAUSE
    while True:
        await asyncio.sleep(uniform(SHORTEST_PAUSE, pause))  # noqa: S311  # no secret
        pause = min(pause * 2, LONGEST_PAUSE)
        try:
            return call()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
