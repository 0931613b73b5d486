"""Execution of slow reads in a thread; all others stay in the event loop."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from app.core.db.sqlite.connection import Limit, LoopConnection

# A statement stops the event loop this long at most; then it is executed again in a
# thread. Passing it to a thread takes longer than most statements do. In time of the
# processor: a quick statement that waits for the interpreter's lock is not a slow one.
IN_LOOP = Limit(seconds=0.005, steps=2_000, clock=time.thread_time)
# Rarely: each look at the clock waits for the interpreter's lock.
THREAD_STEPS = 500_000
# A thread of its own, so that slow statements delay nothing else that needs one. One,
# as each competes with the event loop for the interpreter's lock: with four, requests
# that need no database took a second. And the WAL can be emptied between two reads.
THREAD = ThreadPoolExecutor(1, thread_name_prefix="slow-read")

Records = list[tuple[Any, ...]]


def is_interrupted(error: sqlite3.Error) -> bool:
    """Return whether the statement was stopped at its limit."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_INTERRUPT


async def in_thread(
    connection: LoopConnection, fetch: Callable[[], Records]
) -> Records:
    """Return the rows that `fetch` reads in the thread; it stops if cancelled."""
    limit = Limit(connection.timeout, THREAD_STEPS, time.monotonic)
    connection.set_limit(limit)
    work = THREAD.submit(connection.fetch_slowly, fetch)
    try:
        return await asyncio.wrap_future(work)
    finally:
        if not work.cancel() and not work.done():
            connection.stop()
            # Not awaited: a second cancellation would close a connection in use.
            wait([work])
