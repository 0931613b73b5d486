"""The change feed of one process: what it streams, and to whom."""

import asyncio
import json

import httpx2
import pytest
from fastapi import FastAPI

from app.audit.cursors import decode_position
from app.audit.visibility import HIDDEN
from tests.audit.feed.conftest import Header, in_thread, list_changes, make_pen
from tests.audit.feed.following import Stream, opened
from tests.audit.ocsf.validation import faults
from tests.conftest import MakeAccount
from tests.hostile.document import SAMPLES

pytestmark = pytest.mark.anyio
NOTHING = "0-" + "0" * 32


async def test_a_change_is_streamed_as_the_list_shows_it(
    running: FastAPI, api: httpx2.AsyncClient, root: Header
) -> None:
    async with opened(running, root) as stream:
        assert [each.name for each in stream.events()] == ["heartbeat"]
        id = await make_pen(api)
        event = await stream.next()
    assert event.data == (await list_changes(api))["items"][0]
    assert event.data["entity_id"] == id
    headers = dict(stream.messages[0]["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"cache-control"] == b"no-store, no-transform"
    assert headers[b"x-accel-buffering"] == b"no"


async def test_a_stream_resumes_after_the_last_event(
    running: FastAPI, api: httpx2.AsyncClient, root: Header
) -> None:
    cursor = (await list_changes(api))["complete_until"]
    ids = [await make_pen(api, number) for number in range(5)]
    seen = []
    for _ in ids:
        async with opened(running, root, since=cursor) as stream:
            event = await stream.next()
        cursor = event.id
        seen.append(event.data["entity_id"])
    assert seen == ids


@pytest.mark.slow
async def test_a_stream_far_behind_gets_everything_once_and_in_order(
    running: FastAPI,
    api: httpx2.AsyncClient,
    root: Header,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.audit.feed.stream.PAGE_ROWS", 3)
    monkeypatch.setattr("app.audit.feed.stream.CHUNK", 1)
    monkeypatch.setattr("app.audit.feed.recent_changes.MAX_ENTRIES", 2)
    start = (await list_changes(api))["complete_until"]
    before = [await make_pen(api, number) for number in range(10)]
    async with opened(running, root, since=start) as stream:
        after = [await make_pen(api, number) for number in range(10, 15)]
        events = [await stream.next() for _ in before + after]
    assert [each.data["entity_id"] for each in events] == before + after
    places = [decode_position(each.id) for each in events]
    assert places == sorted(set(places))


@pytest.mark.slow
@pytest.mark.parametrize("behind", [False, True])
async def test_filters(
    running: FastAPI,
    api: httpx2.AsyncClient,
    root: Header,
    frequent_checks: None,
    behind: bool,
) -> None:
    pens = [await make_pen(api, number) for number in range(2)]
    me = (await api.get("auth/me")).json()["id"]
    cases = {
        "entity=Product": pens,
        f"entity=Product&entity_id={pens[1]}": pens[1:],
        f"actor_id={me}&entity_id={pens[1]}": pens[1:],
        f"actor_id={SAMPLES['uuid']}": [],
    }
    for number, (query, wanted) in enumerate(cases.items()):
        since = (await list_changes(api))["complete_until"] if behind else ""
        async with opened(running, root, query, since=since) as stream:
            await api.patch("auth/me", json={"full_name": f"Ada {number}"})
            for id in pens:
                await api.patch(f"products/{id}", json={"stock": number + 1})
            changes = await stream.reach((await list_changes(api))["complete_until"])
        assert [each.data["entity_id"] for each in changes] == wanted


@pytest.mark.slow
async def test_addresses_of_users_need_a_permission(
    running: FastAPI, api: httpx2.AsyncClient, make_account: MakeAccount
) -> None:
    seen = {}
    for permissions in ([], ["users:read"]):
        reader = await in_thread(make_account, "audit:read", *permissions)
        async with opened(running, reader.header, "entity=User") as stream:
            name = f"eva{len(permissions)}@example.com"
            body = {"email": name, "full_name": "Eva", "password": "oak of brass 12"}
            await api.post("users", json=body)
            seen[name] = (await stream.next()).data
    hidden, shown = seen.values()
    assert (hidden["actor_label"], hidden["new"]["email"]) == (None, HIDDEN)
    assert hidden["actor_name"] == "Test"
    assert "example.com" not in str(hidden)
    assert shown["actor_label"] == "root@example.com"
    assert shown["new"]["email"] == "eva1@example.com"


@pytest.mark.parametrize(
    ("query", "header"),
    [
        *(("", wrong) for wrong in ("", "nonsense", "-1-" + "0" * 32, "1-" + "g" * 32)),
        *(("", wrong) for wrong in (f"{2**63}-" + "0" * 32, "1." + "0" * 32, "1-\xff")),
        *((wrong, NOTHING) for wrong in ("entity=", "entity_id=7", "actor_id=%00")),
        *((wrong, NOTHING) for wrong in ("unknown=1", "entity=A&entity=B", "limit=1")),
    ],
)
async def test_nonsense_is_rejected(
    running: FastAPI, root: Header, query: str, header: str
) -> None:
    stream = Stream(running, root | {"last-event-id": header}, query)
    await stream.end()
    assert stream.status == 422, stream.body()


async def test_head_ends_with_the_headers(running: FastAPI, root: Header) -> None:
    stream = Stream(running, root, method="HEAD")
    await stream.end()
    assert (stream.status, stream.body()) == (200, "")


async def test_the_number_of_streams_is_limited(
    running: FastAPI,
    root: Header,
    make_account: MakeAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.audit.feed.open_streams.MAX_STREAMS_OF_USER", 2)
    monkeypatch.setattr("app.audit.feed.open_streams.MAX_STREAMS", 3)
    other = (await in_thread(make_account, "audit:read")).header
    async with opened(running, root), opened(running, root) as second:
        await expect_too_many(running, root)
        async with opened(running, other):
            await expect_too_many(running, other)
        await second.leave()
        async with opened(running, root) as third:
            assert third.status == 200


async def expect_too_many(app: FastAPI, header: Header) -> None:
    refused = Stream(app, header)
    await refused.end()
    assert refused.status == 429
    assert b"retry-after" in dict(refused.messages[0]["headers"])
    assert "too_many_streams" in refused.body()


@pytest.mark.slow
async def test_a_long_way_leaves_the_loop_to_others(
    running: FastAPI,
    api: httpx2.AsyncClient,
    root: Header,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SQLite answers at once, and a filter that matches nothing sends nothing."""
    monkeypatch.setattr("app.audit.feed.stream.PAGE_ROWS", 1)
    start = (await list_changes(api))["complete_until"]
    pens = [await make_pen(api, number) for number in range(20)]
    await api.post("customers", json={"name": "Ada", "email": "a@example.com"})
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    query = "entity=Customer"
    async with opened(running, root, query, since=start, pauses=True) as stream:
        counting = asyncio.create_task(count())
        stream.reads.set()
        await stream.next()
        counting.cancel()
    assert turns >= len(pens)


async def test_changes_are_streamed_as_ocsf(
    running: FastAPI, api: httpx2.AsyncClient, root: Header
) -> None:
    start = (await list_changes(api))["complete_until"]
    async with opened(running, root, "format=ocsf&entity=Product") as stream:
        id = await make_pen(api)
        live = await stream.next()
    assert faults(live.data) == []
    assert (live.data["type_uid"], live.data["entity"]["uid"]) == (300401, id)
    async with opened(running, root, "format=ocsf", since=start) as stream:
        assert await stream.next() == live


@pytest.mark.slow
async def test_ocsf_hides_addresses_as_well(
    running: FastAPI, api: httpx2.AsyncClient, make_account: MakeAccount
) -> None:
    seen = []
    for number, permissions in enumerate(([], ["users:read"])):
        reader = await in_thread(make_account, "audit:read", *permissions)
        query = "format=ocsf&entity=User"
        async with opened(running, reader.header, query) as stream:
            email = f"eva{number}@example.com"
            body = {"email": email, "full_name": "Eva", "password": "oak of brass 12"}
            await api.post("users", json=body)
            seen.append((await stream.next()).data)
    hidden, shown = seen
    assert [faults(event) for event in seen] == [[], []]
    assert "eva0@" not in json.dumps(hidden)
    assert "root@" not in json.dumps(hidden)
    assert shown["user"]["email_addr"] == "eva1@example.com"
    assert shown["actor"]["user"]["email_addr"] == "root@example.com"
