"""A lock that another connection holds on a table."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread

import asyncpg
from sqlalchemy import make_url


@contextmanager
def locked(url: str, table: str, last: str = "SELECT 1") -> Iterator[Event]:
    """Block other writers of this table (SQLite: of the whole file).

    Setting the event releases the lock before the end of the block; the `last`
    statement is committed with it.
    """
    held, release = Event(), Event()
    hold = hold_sqlite if url.startswith("sqlite") else hold_postgresql
    thread = Thread(target=hold, args=(url, table, last, held, release))
    thread.start()
    held.wait()
    try:
        yield release
    finally:
        release.set()
        thread.join()


def hold_sqlite(url: str, _: str, last: str, held: Event, release: Event) -> None:
    other = sqlite3.connect(str(make_url(url).database), isolation_level=None)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        held.set()
        release.wait()
        other.execute(last)
        other.execute("COMMIT")


def hold_postgresql(
    url: str, table: str, last: str, held: Event, release: Event
) -> None:
    async def hold() -> None:
        other = await asyncpg.connect(url)
        async with other.transaction():
            await other.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            held.set()
            await asyncio.to_thread(release.wait)
            await other.execute(last)
        await other.close()

    asyncio.run(hold())
