"""Exports as of a time are snapshots: writes in between are not in the file."""

import json
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.audit.history.collection import past_batches, ranges
from tests.audit.history.test_history import LATE, PEN, body, make, now
from tests.collections.files.files import make_products
from tests.contract import Json


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_batches, "BATCH_RECORDS", 2)
    monkeypatch.setattr(ranges, "RANGE", 3)


def lines(client: TestClient, path: str, **query: Any) -> list[Json]:
    answer = client.get(f"{path}/export", params={"format": "jsonl", **query})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def listed(client: TestClient, path: str, **query: Any) -> Any:
    return body(client.get(path, params={"limit": 200, **query}))["items"]


@pytest.mark.slow
def test_an_export_of_the_past_is_the_list_of_then(client: TestClient) -> None:
    items = make_products(client, *({"sku": f"PEN-{n}"} for n in range(9)))
    then = now()
    for item in items[2:7]:
        client.delete(f"products/{item['id']}")
    client.patch(f"products/{items[0]['id']}", json={"name": "Zebra"})
    make(client, "products", {**PEN, "sku": "NEW"})
    assert lines(client, "products", as_of=then) == items
    for query in ({"q": "zebra"}, {"min_price": "1.50"}, {"updated_since": then}):
        expected = listed(client, "products", as_of=then, **query)
        assert lines(client, "products", as_of=then, **query) == expected
    present = lines(client, "products")
    assert lines(client, "products", as_of=LATE) == present
    assert lines(client, "products", as_of="1900-01-01T00:00:00Z") == []


@pytest.mark.slow
def test_what_is_written_meanwhile_is_not_in_the_file(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = make_products(client, *({"sku": f"PEN-{n}"} for n in range(7)))
    then, read = now(), past_batches.PastBatches.read

    async def delete_all(self: Any, session: Any) -> list[Any]:
        found = await read(self, session)
        database = client.app.state.health.database  # type: ignore[attr-defined]
        async with database.writing() as other:
            repository = self.present.in_session(other)
            for entity in await repository.find_many([UUID(it["id"]) for it in items]):
                gone = await repository.get_for_update(entity["id"])
                await repository.delete(gone)
        return found

    monkeypatch.setattr(past_batches.PastBatches, "read", delete_all)
    assert lines(client, "products", as_of=then) == items
    monkeypatch.undo()
    assert lines(client, "products") == []


@pytest.mark.slow
def test_users_are_exported_with_their_roles_of_then(client: TestClient) -> None:
    role = body(client.post("roles", json={"name": "clerk"}), 201)["id"]
    ada = {"full_name": "Ada", "password": "correct horse battery staple"}
    for number in range(3):
        email = f"u{number}@example.com"
        user = make(client, "users", {**ada, "email": email, "role_ids": [role]})
    before, then = listed(client, "users"), now()
    client.patch(user, json={"role_ids": []})
    client.delete(f"roles/{role}")
    assert lines(client, "users", as_of=then) == before


@pytest.mark.parametrize(
    "query",
    [
        {"as_of": LATE, "sort": "name"},
        {"as_of": ""},
        {"as_of": "2026-01-01"},
        {"as_of": "0001-01-01T00:00:00Z"},
        {"as_of": [LATE, LATE]},
    ],
)
def test_an_export_of_no_time_is_rejected(
    client: TestClient, query: dict[str, Any]
) -> None:
    refused = body(client.get("products/export", params=query), 422)
    assert refused["errors"][0]["loc"] == ["query", "as_of"]
