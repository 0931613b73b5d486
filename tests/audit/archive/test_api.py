"""What the API knows of changes that are in cold storage."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from tests.audit.archive.rows import OLD, TODAY, Trail
from tests.audit.archive.verify.tampering import ROWS, execute
from tests.audit.history.test_history import PEN, at, body, history, make

YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
BEFORE = (OLD - timedelta(hours=1)).isoformat()


@pytest.fixture
def pen(client: TestClient, trail: Trail) -> str:
    """A pen that was made ten days ago; only cold storage still knows it."""
    url = make(client, "products", PEN)
    client.patch(url, json={"price": "2.00"})
    made = update(ROWS).where(ROWS.c.entity == "Product", ROWS.c.version == 1)
    execute(trail, made.values(at=OLD))
    assert trail.archive()["changes"].rows == 1
    return url


def test_a_history_says_what_it_lacks(client: TestClient, pen: str) -> None:
    told = body(client.get(f"{pen}/history"))
    assert [change["version"] for change in told["items"]] == [2]
    assert told["archived_until"].startswith(f"{OLD:%Y-%m-%d}")
    young = make(client, "products", {**PEN, "sku": "PEN-2"})
    assert body(client.get(f"{young}/history"))["archived_until"] is None


def test_the_past_is_known_as_far_as_the_log_is_live(
    client: TestClient, pen: str
) -> None:
    assert body(at(client, pen, YESTERDAY))["price"] == "1.50"
    lost = at(client, pen, BEFORE)
    assert (lost.status_code, lost.json()["code"]) == (410, "archived")
    gone = client.post(f"{pen}/revert", json={"to_version": 1})
    assert (gone.status_code, gone.json()["code"]) == (410, "archived")
    assert "archive_audit.py" in gone.json()["detail"]


def test_what_is_brought_back_can_be_read(
    client: TestClient, pen: str, trail: Trail
) -> None:
    trail.restore()
    assert [each["version"] for each in history(client, pen)] == [2]
    both = history(client, pen, include="restored")
    assert [each["version"] for each in both] == [2, 1]
    stream = "audit/{}?include=restored&limit=200".format
    found = body(client.get(f"{stream('changes')}&entity=Product"))["items"]
    assert [each["version"] for each in found] == [2, 1]
    assert client.get(stream("accesses")).status_code == 200
    assert client.get("audit/changes?include=all").status_code == 422


@pytest.mark.parametrize(
    ("name", "price", "status"), [("", "1.50", 422), ("Pen", "x", 409)]
)
def test_what_was_possible_once_may_be_so_no_more(
    client: TestClient, trail: Trail, name: str, price: str, status: int
) -> None:
    """The rules, or the columns, have changed since then."""
    url = make(client, "products", PEN)
    client.patch(url, json={"price": "2.00", "name": "Pencil"})
    raised = update(ROWS).where(ROWS.c.entity == "Product", ROWS.c.version == 2)
    execute(trail, raised.values(old={"name": name, "price": price}))
    refused = client.post(f"{url}/revert", json={"to_version": 1})
    assert refused.status_code == status
    assert body(client.get(url))["name"] == "Pencil"
