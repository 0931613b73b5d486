"""A bulk request that ends in a deadlock is undone and tried again."""

import asyncio
from threading import Event, Thread

import asyncpg
import pytest
from fastapi.testclient import TestClient

from tests.collections.bulk.requests import log, made, send, update

LOCK = "SELECT 1 FROM product WHERE id = $1 FOR UPDATE"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
PAUSE = 0.01  # seconds


async def lock_in_turn(url: str, ids: list[str], held: Event) -> None:
    """Lock a record; once another transaction waits for it, lock the next one."""
    one, two = await asyncpg.connect(url), await asyncpg.connect(url)
    async with one.transaction():
        # It leaves the detection to the other transaction, which is then undone.
        await one.execute("SET LOCAL deadlock_timeout = '10min'")
        await one.execute("SET LOCAL statement_timeout = 0")
        await one.execute(LOCK, ids[0])
        held.set()
        while not await two.fetchval(WAITING):
            await asyncio.sleep(PAUSE)
        await one.execute(LOCK, ids[1])
    await one.close()
    await two.close()


def test_a_deadlock_is_undone_and_tried_again(url: str, client: TestClient) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite locks the whole file")
    first, second = made(client, "PEN-1", "PEN-2")
    held = Event()
    order = lock_in_turn(url, [second, first], held)
    thread = Thread(target=asyncio.run, args=(order,))
    thread.start()
    held.wait()
    answer = send(client, update(first, "1", name="A"), update(second, "1", name="B"))
    thread.join()
    assert answer.status_code == 200, answer.text
    assert [change["version"] for change in log(client)] == [1, 1, 2, 2]
