"""A request that PostgreSQL ends, as two wait for each other, is done again."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.config import Settings
from app.main import create_app
from tests.accounts import root_header
from tests.clients import Client
from tests.contract import status_and_code
from tests.databases import make_settings
from tests.processes.locks import locking_in_turn

KEY = {"idempotency-key": "1"}


@pytest.fixture
def rows(url: str, client: TestClient) -> list[tuple[str, Any]]:
    """A customer and a task, which a change of the task locks the other way."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    person = {"name": "Ada", "email": "ada@example.com"}
    bodies = {"customer": person, "task": {"title": "Call"}}
    return [
        (name, client.post(f"{name}s", json=body).json()["id"])
        for name, body in bodies.items()
    ]


def test_a_change_is_made_after_a_deadlock(
    url: str, client: TestClient, rows: list[tuple[str, Any]]
) -> None:
    (_, customer), (_, task) = rows
    with locking_in_turn(url, *rows):
        changed = client.patch(
            f"tasks/{task}", json={"customer_id": customer}, headers=KEY
        )
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert changed.json()["customer_id"] == customer
    log = client.get(f"tasks/{task}/history").json()["items"]
    assert [change["version"] for change in log] == [2, 1]


def test_a_request_that_is_done_again_counts_once(
    url: str, client: TestClient, rows: list[tuple[str, Any]], settings: Settings
) -> None:
    """It has the last unit of the quota."""
    (_, customer), (_, task) = rows
    limited = create_app(make_settings(url, RATE_LIMIT_USER="1/86400"))
    with Client(limited, base_url="http://test/api/v1/") as again:
        again.headers.update(root_header(settings))
        with locking_in_turn(url, *rows):
            changed = again.patch(f"tasks/{task}", json={"customer_id": customer})
    assert changed.status_code == 200


def test_the_last_deadlock_is_answered_with_503(
    url: str,
    client: TestClient,
    rows: list[tuple[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.core.web.plan.planned_app.RETRIES", 0)
    (_, customer), (_, task) = rows
    with locking_in_turn(url, *rows):
        refused = client.patch(f"tasks/{task}", json={"customer_id": customer})
    assert status_and_code(refused) == (503, "unavailable")
    assert client.get(f"tasks/{task}").json()["version"] == 1
