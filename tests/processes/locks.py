"""Locks that another connection holds: on a table, or on rows."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import Any

import asyncpg
from sqlalchemy import make_url

LOCK = "SELECT 1 FROM {} WHERE id = $1 FOR UPDATE"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
PAUSE = 0.01  # seconds


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


@contextmanager
def locking_in_turn(url: str, *rows: tuple[str, Any]) -> Iterator[None]:
    """Lock a row; once another transaction waits for it, lock the next one.

    The rows are named by table and id.
    """
    held, ended = Event(), Event()
    work = lock_in_turn(url, rows, held, ended)
    thread = Thread(target=asyncio.run, args=(work,))
    thread.start()
    held.wait()
    try:
        yield
    finally:
        ended.set()
        thread.join()


async def lock_in_turn(
    url: str, rows: Sequence[tuple[str, Any]], held: Event, ended: Event
) -> None:
    first, second = rows
    one, two = await asyncpg.connect(url), await asyncpg.connect(url)
    async with one.transaction():
        # It leaves the detection to the other transaction, which is then undone.
        await one.execute("SET LOCAL deadlock_timeout = '10min'")
        await one.execute("SET LOCAL statement_timeout = 0")
        await one.execute(LOCK.format(first[0]), first[1])
        held.set()
        while not (ended.is_set() or await two.fetchval(WAITING)):
            await asyncio.sleep(PAUSE)
        await one.execute(LOCK.format(second[0]), second[1])
    await one.close()
    await two.close()
