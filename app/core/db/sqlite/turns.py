"""Turns of background work: with SQLite, one process at a time does it.

All of it writes. Its transactions would compete with those of the requests, in every
process at once.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import IO

from sqlalchemy import URL

from app.core.db.sqlite.files import open_private
from app.core.db.sqlite.reading import is_file

# In seconds.
PAUSE = 0.05  # between two attempts to get a turn
LONGEST_WAIT = 5.0  # the other process may be suspended


@asynccontextmanager
async def background_turn(url: URL) -> AsyncIterator[None]:
    """Wait until no other process works in the background, and keep them waiting.

    The wait has an end, because a turn is only a courtesy: the database keeps
    transactions apart. On PostgreSQL there is nothing to wait for.
    """
    with ExitStack() as stack:
        # The folder may be read-only, its disk full, its file system without locks.
        with suppress(TimeoutError, OSError):
            if is_file(url):
                # The kernel releases the lock if this process is killed.
                path = f"{url.database}.background-lock"
                file = stack.enter_context(open(path, "a", opener=open_private))
                async with asyncio.timeout(LONGEST_WAIT):
                    await lock(file)
        yield


async def lock(file: IO[str]) -> None:
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        await asyncio.sleep(PAUSE)
