"""Decrypted values: in the feed's recent changes, in past lists, and many at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.audit.personal.reading import PART_ROWS, reveal_changes, reveal_states
from app.core.config import Settings
from app.core.db.ids import uuid7
from app.modules.customers.models import Customer
from tests.audit.erasure.conftest import ADA, Commands, history
from tests.audit.feed.conftest import (  # noqa: F401  fixtures
    Header,
    api,
    list_changes,
    root,
    running,
)
from tests.audit.feed.following import opened
from tests.processes.turns import counting_turns

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Reveal = Callable[[str, Rows], Awaitable[Rows]]


@pytest.mark.anyio
async def test_the_feed_forgets_what_was_erased(
    running: FastAPI,  # noqa: F811
    api: httpx2.AsyncClient,  # noqa: F811
    root: Header,  # noqa: F811
    commands: Commands,
) -> None:
    start = (await list_changes(api))["complete_until"]
    async with opened(running, root, since=start) as follower:
        created = await api.post("customers", json=ADA)
        event = await follower.next()
        assert event.data["new"]["name"] == ADA["name"]
        id = created.json()["id"]
        await asyncio.to_thread(commands.erase, id)
        while event.data["entity"] != "personal_key":
            event = await follower.next()
        async with opened(running, root, since=start) as late:
            event = await late.next()
    assert (event.data["entity_id"], event.data["version"]) == (id, 1)
    assert event.data["new"]["name"] == "[erased]"


@pytest.fixture
def personal_company(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Customer, "personal", Customer.personal | {"company": None})


def test_a_past_list_is_filtered_by_a_personal_column(
    personal_company: None, client: TestClient
) -> None:
    ada = client.post("customers", json=ADA).json()["id"]
    other = {"name": "Eve", "email": "eve@example.com", "company": ADA["company"]}
    client.post("customers", json=other).raise_for_status()
    client.patch(f"customers/{ada}", json={"company": "Byron"}).raise_for_status()
    changed, created = history(client, ada)
    assert changed["old"]["company"] == ADA["company"]
    found = {"company": ADA["company"], "sort": "name"}

    def names(at: str) -> list[str]:
        page = client.get("customers", params=found | {"as_of": at}).json()
        assert page["total"] == len(page["items"])
        return [each["name"] for each in page["items"]]

    later = client.get("audit/changes").json()["items"][0]["at"]
    assert names(created["at"]) == [ADA["name"]]
    assert names(later) == ["Eve"]


@pytest.mark.anyio
@pytest.mark.parametrize("reveal", [reveal_changes, reveal_states])
async def test_other_tasks_take_their_turn(settings: Settings, reveal: Reveal) -> None:
    rows = [{"id": uuid7(), "new": {"name": "Ada"}} for _ in range(3 * PART_ROWS)]
    async with counting_turns() as turns:
        assert await reveal(settings.PERSONAL_KEYS_URL, rows) == rows
    assert turns.count >= 2  # between three parts
