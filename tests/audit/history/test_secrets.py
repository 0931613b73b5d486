"""Past states of records with secrets, of which the log has only hashes."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.audit.history.columns import recorded_model
from app.modules.customers.models import Customer
from app.modules.customers.service import CustomerService
from tests.audit.history.test_history import at, body, history, make

ADA = {"name": "Ada", "email": "ada@example.com", "notes": "1234", "phone": "+4912"}


@pytest.fixture
def customer(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A customer with secrets: one is required, and both are shorter than a hash."""
    monkeypatch.setattr(Customer, "redacted", frozenset({"notes", "phone"}))
    monkeypatch.setattr(Customer, "personal", {})
    recorded_model.cache_clear()
    url = make(client, "customers", ADA)
    body(client.patch(url, json={"name": "Countess", "notes": "5", "phone": "+495"}))
    yield url
    recorded_model.cache_clear()


def test_a_revert_leaves_secrets_as_they_are(client: TestClient, customer: str) -> None:
    first = {"to_version": 1}
    preview = body(client.post(f"{customer}/revert?dry_run=true", json=first))
    assert preview["changes"] == {"name": ["Countess", "Ada"]}
    reverted = body(client.post(f"{customer}/revert", json=first))
    assert (reverted["name"], reverted["notes"]) == ("Ada", "5")
    assert reverted["phone"] == "+495"


def test_a_past_state_is_shown_though_a_secret_is_not(
    client: TestClient, customer: str
) -> None:
    past = body(at(client, customer, history(client, customer)[1]["at"]))
    assert past["name"] == "Ada"
    assert past["notes"].startswith("hmac:")


def test_a_hash_is_never_restored_as_a_secret(
    client: TestClient, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.delete(customer)
    (deleted,) = body(client.get("customers/deleted"))["items"]
    assert deleted["record"]["name"] == "Countess"
    refused = body(client.post(f"{customer}/restore"), 409)
    assert "does not contain its notes" in refused["detail"]
    original = CustomerService.restore

    async def restore(self: CustomerService, entity: Customer) -> Customer:
        entity.notes = "new"
        return await original(self, entity)

    monkeypatch.setattr(CustomerService, "restore", restore)
    restored = body(client.post(f"{customer}/restore"))
    assert (restored["notes"], restored["phone"]) == ("new", None)
