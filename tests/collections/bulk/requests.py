"""Bulk requests of the tests, and what they leave in the change log."""

from typing import Any

from fastapi.testclient import TestClient

Json = dict[str, Any]


def create(**data: Any) -> Json:
    return {"op": "create", "data": data}


def update(id: str, if_match: str | None = None, **data: Any) -> Json:
    return {"op": "update", "id": id, "if_match": if_match, "data": data}


def delete(id: str, if_match: str | None = None) -> Json:
    return {"op": "delete", "id": id, "if_match": if_match}


def pen(sku: str, **data: Any) -> Json:
    return create(**{"sku": sku, "name": "Pen", "price": "1.50", **data})


def send(
    client: TestClient, *items: Any, resource: str = "products", **options: Any
) -> Any:
    """Send the items; `atomic` and `headers` are options."""
    headers = options.pop("headers", None)
    body = {"items": items} | options
    return client.post(f"{resource}/bulk", json=body, headers=headers)


def done(client: TestClient, *items: Any, **options: Any) -> list[Json]:
    """Send the items, none of which fails; return their outcomes."""
    answer = send(client, *items, **options)
    assert answer.status_code == (200 if options.get("atomic", True) else 207), (
        answer.text
    )
    assert answer.json()["failed"] == 0, answer.text
    outcomes: list[Json] = answer.json()["items"]
    return outcomes


def made(client: TestClient, *skus: str) -> list[str]:
    """Create products; return their ids."""
    return [item["id"] for item in done(client, *map(pen, skus))]


def log(client: TestClient, entity: str = "Product") -> list[Json]:
    """Return the changes, oldest first."""
    found = client.get(f"audit/changes?entity={entity}&limit=200").json()["items"]
    return [*reversed(found)]


def steps(client: TestClient) -> list[tuple[str, int]]:
    return sorted((each["entity_id"], each["version"]) for each in log(client))
