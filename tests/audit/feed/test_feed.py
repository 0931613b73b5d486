"""The change feed of one process."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tests.audit.feed.following import Stream, opened

pytestmark = pytest.mark.anyio
Header = dict[str, str]


async def make(api: httpx2.AsyncClient, number: int = 0) -> str:
    body = {"sku": f"PEN-{number:03}", "name": "Pen", "price": "1.50"}
    made = await api.post("products", json=body)
    assert made.status_code == 201, made.text
    id: str = made.json()["id"]
    return id


async def list_changes(api: httpx2.AsyncClient, **query: Any) -> Any:
    return (await api.get("audit/changes", params=query)).json()


async def test_a_change_is_streamed_as_the_list_shows_it(
    running: FastAPI, api: httpx2.AsyncClient, root: Header
) -> None:
    async with opened(running, root) as stream:
        assert [each.name for each in stream.events()] == ["heartbeat"]
        id = await make(api)
        event = await stream.next()
    assert event.data == (await list_changes(api))["items"][0]
    assert event.data["entity_id"] == id


async def test_a_stream_resumes_after_the_last_event(
    running: FastAPI, api: httpx2.AsyncClient, root: Header
) -> None:
    start = (await list_changes(api))["complete_until"]
    ids = [await make(api, number) for number in range(5)]
    seen = []
    cursor = start
    for _ in ids:
        async with opened(running, root, since=cursor) as stream:
            event = await stream.next()
        cursor = event.id
        seen.append(event.data["entity_id"])
    assert seen == ids


async def test_head_ends_with_the_headers(running: FastAPI, root: Header) -> None:
    stream = Stream(running, root, method="HEAD")
    await stream.end()
    assert (stream.status, stream.body()) == (200, "")
