"""Places that hold decrypted values: the feed's recent changes, and past lists."""

import asyncio

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

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
