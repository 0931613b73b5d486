"""Ends of a stream, and the state that it leaves behind."""

import asyncio
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from app.audit.feed.feed import Feed
from app.audit.models import AuditAccess
from app.audit.settled.queries import BEGINNING
from app.core.clock import now
from app.core.db.database import Database
from app.main import create_app, open_database
from tests.audit.feed.conftest import Header, client_of, in_thread, make_pen
from tests.audit.feed.following import Stream, opened
from tests.conftest import MakeAccount
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT

pytestmark = pytest.mark.anyio


@pytest.mark.slow
async def test_a_lost_permission_hides_addresses_in_an_open_stream(
    running: FastAPI,
    api: httpx2.AsyncClient,
    make_account: MakeAccount,
    frequent_checks: None,
) -> None:
    reader = await in_thread(make_account, "audit:read", "users:read")
    async with opened(running, reader.header, "entity=Product") as stream:
        await make_pen(api, 1)
        assert (await stream.next()).data["actor_label"] == "root@example.com"
        role = (await api.get(f"users/{reader.id}")).json()["roles"][0]["id"]
        changed = await api.patch(f"roles/{role}", json={"modules": {"audit": []}})
        assert changed.status_code == 200
        # The second one from now on is of a check that began after the change.
        stream.skip()
        for _ in range(2):
            await stream.next("heartbeat")
        await make_pen(api, 2)
        assert (await stream.next()).data["actor_label"] is None


async def test_it_ends_with_the_token(
    running: FastAPI, root: Header, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now() + timedelta(minutes=15)
    async with opened(running, root) as stream:
        monkeypatch.setattr("app.audit.feed.permit.now", lambda: later)
        feed: Feed = running.state.feed
        feed.reader.release()
        await stream.end()


async def test_a_database_that_cannot_be_asked_ends_it(
    running: FastAPI, root: Header, frequent_checks: None
) -> None:
    database: Database = running.state.health.database
    async with opened(running, root) as stream:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(database, "reading", raise_os_error)
            await stream.end()


def raise_os_error() -> None:
    raise ConnectionRefusedError


async def test_a_stopping_server_ends_it_and_refuses_others(
    running: FastAPI, root: Header
) -> None:
    feed: Feed = running.state.feed
    async with opened(running, root) as stream:
        feed.stop()
        await stream.end()
    refused = Stream(running, root)
    await refused.end()
    assert refused.status == 503


@pytest.mark.slow
async def test_the_last_stream_ends_the_reading(
    running: FastAPI, api: httpx2.AsyncClient, root: Header
) -> None:
    feed: Feed = running.state.feed
    async with opened(running, root), opened(running, root) as stream:
        await make_pen(api)
        await stream.next()
        assert feed.reader.recent.complete > BEGINNING
    assert not feed.streams.exist.is_set()
    assert not feed.streams.of_users
    async with asyncio.timeout(TIMEOUT):
        while feed.reader.recent.complete > BEGINNING:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("mode", ["batch", "blocking", "blocking-strict"])
async def test_one_row_is_recorded(url: str, root: Header, mode: str) -> None:
    app = create_app(make_settings(url, AUDIT_ACCESS_MODE=mode))
    async with (
        app.router.lifespan_context(app),
        client_of(app, root) as api,
        opened(app, root) as stream,
    ):
        await make_pen(api)
        await stream.next()
    query = select(AuditAccess).where(col(AuditAccess.path).endswith("stream"))
    async with (
        open_database(make_settings(url)) as database,
        database.reading() as session,
    ):
        (row,) = await session.rows(query)
    assert row["status"] == 200
    outcome = "answered" if mode == "blocking-strict" else "disconnected"
    assert (row["outcome"], row["bytes"] > 0) == (outcome, True)


@pytest.mark.slow
async def test_a_client_that_does_not_read_holds_a_chunk_and_no_connection(
    running: FastAPI,
    api: httpx2.AsyncClient,
    root: Header,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.audit.feed.stream.CHUNK", 1_000)
    monkeypatch.setattr("app.audit.feed.recent_changes.MAX_ENTRIES", 2)
    feed: Feed = running.state.feed
    async with opened(running, root) as slow, opened(running, root) as quick:
        slow.reads.clear()
        ids = [await make_pen(api, number) for number in range(20)]
        for id in ids:
            assert (await quick.next()).data["entity_id"] == id
        assert len(feed.reader.recent.entries) <= 2
        assert len(slow.events()) == 1
        assert not feed.turns.locked()
        slow.reads.set()
        events = [await slow.next() for _ in ids]
    assert [each.data["entity_id"] for each in events] == ids
    sizes = [len(message.get("body", b"")) for message in slow.messages]
    assert max(sizes) < 1_000 + 2 * len(str(events[0].data))
