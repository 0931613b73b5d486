"""The order of the feed: what commits late is not skipped, in no process."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url

from app.main import create_app
from tests.audit.feed.conftest import Header, client_of, list_changes, make_pen
from tests.audit.feed.following import opened
from tests.databases import make_settings
from tests.processes.network import network_to
from tests.processes.pgbouncer import pooled
from tests.programs import needs

pytestmark = pytest.mark.anyio
INSERT = """
INSERT INTO audit_change (id, at, request_id, action, entity)
VALUES (gen_random_uuid(), now(), 'late', 'UNAUDITED', 'late')
"""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    dsn = make_url(url).set(drivername="postgresql")
    connection = await asyncpg.connect(dsn.render_as_string(hide_password=False))
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("late", ["COMMIT", "ROLLBACK"])
async def test_a_transaction_that_ends_late_is_waited_for(
    url: str, other: FastAPI, api: httpx2.AsyncClient, root: Header, late: str
) -> None:
    async with connected(url) as connection:
        await connection.execute(f"BEGIN; {INSERT}")
        async with opened(other, root) as stream:
            pen = await make_pen(api)
            page = await list_changes(api)
            assert page["items"][0]["entity_id"] == pen
            since = page["complete_until"]
            await connection.execute(late)
            events = [await stream.next()]
            if late == "COMMIT":
                events.append(await stream.next())
    wanted = ["late", "Product"] if late == "COMMIT" else ["Product"]
    assert [each.data["entity"] for each in events] == wanted
    polled = (await list_changes(api, after=since))["items"]
    assert sorted(each["entity"] for each in polled) == sorted(wanted)
    assert (await list_changes(api, after=events[-1].id))["items"] == []


async def test_no_change_of_many_writers_is_missed(
    url: str, other: FastAPI, api: httpx2.AsyncClient, root: Header
) -> None:
    """Transactions overlap, and commit in another order than they began."""
    start = (await list_changes(api))["complete_until"]
    chance = random.Random(7)
    numbers = list(range(40))

    async def insert(number: int) -> None:
        async with connected(url) as connection:
            row = INSERT.replace("'late'", f"'{number}'", 1)
            await connection.execute(f"BEGIN; {row}")
            await asyncio.sleep(chance.random() / 5)
            await connection.execute("COMMIT")

    async with connected(url):
        pass
    async with opened(other, root, "entity=late", since=start) as stream:
        await asyncio.gather(*map(insert, numbers))
        events = [await stream.next() for _ in numbers]
    assert sorted(int(each.data["request_id"]) for each in events) == numbers
    ids = [each.id.zfill(51) for each in events]
    assert ids == sorted(set(ids))


@pytest.mark.slow
async def test_another_process_is_woken(
    other: FastAPI, api: httpx2.AsyncClient, root: Header
) -> None:
    """On PostgreSQL by its notification: the other application never polls."""
    if other.state.feed.listens:
        other.state.feed.reader.interval = 3_600.0
    async with opened(other, root) as stream:
        # The first ones may be found as the reader starts, and as it begins to listen.
        for number in range(4):
            pen = await make_pen(api, number)
            assert (await stream.next()).data["entity_id"] == pen


@needs("pgbouncer")
async def test_a_pooler_is_polled_through(url: str, root: Header) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has no pooler")
    values: dict[str, Any] = {"DATABASE_POOLER": "transaction"}
    with network_to(url) as (_, server), pooled(server) as through:
        app = create_app(make_settings(through, **values))
        async with (
            app.router.lifespan_context(app),
            client_of(app, root) as api,
            opened(app, root) as stream,
        ):
            assert not app.state.feed.listens
            pen = await make_pen(api)
            assert (await stream.next()).data["entity_id"] == pen
            async with connected(url) as connection:
                await connection.execute(INSERT)
            assert (await stream.next()).data["entity"] == "late"
