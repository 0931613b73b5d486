"""Erasure of a person: what is left, what is shown, and what forbids it."""

import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from app.audit.archive.holds import HoldRepository
from app.audit.archive.models import AuditHold
from app.audit.erasure.exceptions import HeldException, UsageException
from app.audit.erasure.ledger import Erasure, State
from app.audit.models import AuditChange
from app.auth.idempotency.models import IdempotencyKey
from app.core.db.database import Database
from app.modules.customers.models import Customer
from tests.audit.erasure.conftest import ADA, PERSONAL, Commands, history
from tests.conftest import Read

KEY = {"Idempotency-Key": "one"}
OTHER = {"name": "Bob", "email": "bob@example.com"}


def test_with_the_key_all_is_shown_as_it_was(client: TestClient, ada: str) -> None:
    renamed, created = history(client, ada)
    assert renamed["old"]["name"] == "Ada Lovelace"
    assert renamed["new"]["name"] == "Ada King"
    assert {name: created["new"][name] for name in ADA} == ADA
    then = {"as_of": created["at"]}
    assert client.get(f"customers/{ada}", params=then).json()["name"] == ADA["name"]
    found = client.get("customers", params=then | {"q": "lovelace", "sort": "name"})
    assert [each["email"] for each in found.json()["items"]] == [ADA["email"]]
    (change, *_) = client.get("audit/changes?entity=Customer").json()["items"]
    assert change["new"]["name"] == "Ada King"
    reverted = client.post(f"customers/{ada}/revert", json={"to_version": 1})
    assert reverted.json()["name"] == ADA["name"]


def test_the_log_has_no_personal_value(read: Read, ada: str) -> None:
    own = col(AuditChange.entity_id) == UUID(ada)
    stored = str(read(select(col(AuditChange.new)).where(own)))
    assert [value for value in PERSONAL if value in stored] == []
    assert "Analytical Engines" in stored  # not marked on the model


def test_an_encrypted_value_is_a_text_in_another_record(
    client: TestClient, read: Read, ada: str
) -> None:
    """No one sees what is encrypted by storing it in a record that they may read."""
    own = col(AuditChange.entity_id) == UUID(ada), col(AuditChange.version) == 1
    (stored,) = read(select(col(AuditChange.new)).where(*own))
    assert stored["name"].startswith("encrypted:")
    product = {"sku": "PEN", "name": stored["name"], "price": "1.00", "stock": 1}
    customer = {"name": stored["name"], "email": "eve@example.com"}
    for path, body in (("products", product), ("customers", customer)):
        id = client.post(path, json=body).json()["id"]
        (created,) = client.get(f"{path}/{id}/history").json()["items"]
        assert created["new"]["name"] == stored["name"]


@pytest.mark.parametrize("text", ["encrypted:", "encrypted:x", "[erased]"])
def test_a_text_that_looks_encrypted_is_shown(
    client: TestClient, ada: str, text: str
) -> None:
    client.patch(f"customers/{ada}", json={"name": text}).raise_for_status()
    client.patch(f"customers/{ada}", json={"name": "Ada"}).raise_for_status()
    assert history(client, ada)[0]["old"]["name"] == text
    reverted = client.post(f"customers/{ada}/revert", json={"to_version": 3})
    assert reverted.json()["name"] == text


def test_an_erased_person_is_shown_nowhere(
    client: TestClient, commands: Commands, ada: str
) -> None:
    created = history(client, ada)[-1]
    done = commands.erase(ada)
    assert (done.live, done.keys) == (True, 1)
    live = client.get(f"customers/{ada}").json()
    assert live["name"] == f"Erased {ada}"
    assert live["email"] == f"erased-{ada}@erased.invalid"
    assert (live["phone"], live["notes"]) == (None, "")
    erased, renamed, first = history(client, ada)
    assert erased["old"]["name"] == "[erased]"
    assert erased["new"]["name"] == f"Erased {ada}"
    assert (renamed["old"]["name"], renamed["new"]["name"]) == ("[erased]",) * 2
    assert first["new"]["company"] == "Analytical Engines"
    then = client.get(f"customers/{ada}", params={"as_of": created["at"]}).json()
    assert (then["name"], then["phone"]) == ("[erased]", "[erased]")
    for path in ("revert", "revert?dry_run=true"):
        answer = client.post(f"customers/{ada}/{path}", json={"to_version": 1})
        assert (answer.status_code, answer.json()["code"]) == (409, "erased")
    assert commands.findings() == []


def test_a_deleted_customer_is_erased_and_not_restored(
    client: TestClient, commands: Commands, ada: str
) -> None:
    client.delete(f"customers/{ada}").raise_for_status()
    done = commands.erase(ada)
    assert (done.live, done.keys) == (False, 1)
    (deleted,) = client.get("customers/deleted").json()["items"]
    assert deleted["record"]["email"] == "[erased]"
    answer = client.post(f"customers/{ada}/restore")
    assert (answer.status_code, answer.json()["code"]) == (409, "erased")
    assert commands.findings() == []


def test_an_erasure_is_an_entry_of_the_log(
    client: TestClient, commands: Commands, ada: str
) -> None:
    commands.erase(ada)
    entries = client.get("audit/changes?entity=personal_key").json()["items"]
    assert [(it["entity_id"], it["reason"]) for it in entries] == [
        (ada, "erased: Request 7")
    ]
    (entry,) = commands.ledger.read()
    assert (str(entry.erasure.id), entry.state) == (ada, State.DONE)
    assert commands.ledger.path.stat().st_mode & 0o077 == 0


def test_what_is_written_after_an_erasure_has_a_key_of_its_own(
    client: TestClient, commands: Commands, ada: str
) -> None:
    commands.erase(ada)
    client.patch(f"customers/{ada}", json={"name": "Ada Byron"}).raise_for_status()
    assert history(client, ada)[0]["new"]["name"] == "Ada Byron"
    commands.erase(ada)
    assert history(client, ada)[1]["new"]["name"] == "[erased]"
    assert commands.findings() == []


def test_a_kept_response_is_deleted_but_not_repeated(
    client: TestClient, commands: Commands
) -> None:
    ada = client.post("customers", json=ADA, headers=KEY).json()["id"]
    assert commands.erase(ada).answers == 1
    again = client.post("customers", json=ADA, headers=KEY)
    assert again.status_code == 409
    assert client.get("customers").json()["total"] == 1


@pytest.mark.slow
def test_responses_to_requests_that_changed_nothing_are_deleted(
    client: TestClient, commands: Commands, read: Read, ada: str
) -> None:
    """The log does not have these requests, or not as those of the person."""
    other = client.post("customers", json=OTHER).json()["id"]
    items = [
        {"op": "update", "id": ada, "data": {"name": "Ada King"}},
        {"op": "update", "id": other, "data": {"name": "Bea"}},
    ]
    requests: list[tuple[str, str, Any]] = [
        ("PATCH", f"customers/{ada}", {"name": "Ada King"}),
        ("POST", f"customers/{ada}/revert?dry_run=true", {"to_version": 1}),
        ("POST", "customers/bulk", {"items": items}),
    ]
    for method, path, body in requests:
        answer = client.request(method, path, json=body, headers=KEY)
        assert "Ada King" in answer.raise_for_status().text
    client.patch(f"customers/{other}", json={"name": "Cy"}, headers=KEY)
    assert commands.erase(ada).answers == len(requests)
    (kept,) = filter(None, read(select(col(IdempotencyKey.body))))
    assert orjson.loads(kept)["id"] == other
    for method, path, body in requests:
        again = client.request(method, path, json=body, headers=KEY)
        assert again.json()["code"] == "idempotency_response_too_large"


def test_a_legal_hold_wins(client: TestClient, commands: Commands, ada: str) -> None:
    async def hold(database: Database) -> UUID:
        hold = AuditHold(entity="customer", reason="Case 12", placed_by="Eve")
        async with database.writing() as session:
            await HoldRepository(session).add_hold(hold)
        return hold.id

    async def release(database: Database) -> None:
        async with database.writing() as session:
            await HoldRepository(session).release_hold(held, "Eve")

    held = commands.run(hold)
    with pytest.raises(HeldException, match="Case 12"):
        commands.erase(ada)
    assert client.get(f"customers/{ada}").json()["name"] == "Ada King"
    assert history(client, ada)[0]["new"]["name"] == "Ada King"
    assert not commands.ledger.path.exists()
    commands.run(release)
    commands.erase(ada)
    assert history(client, ada)[1]["new"]["name"] == "[erased]"


@pytest.mark.slow
def test_an_erased_user_can_do_nothing(client: TestClient, commands: Commands) -> None:
    body = {"email": "bob@example.com", "full_name": "Bob", "password": "x" * 12 + "Y1"}
    bob = client.post("users", json=body | {"role_ids": []}).json()
    form = {"username": body["email"], "password": body["password"]}
    token = client.post("auth/login", data=form).json()["access_token"]
    own = {"Authorization": f"Bearer {token}"}
    client.patch("auth/me", json={"full_name": "Rob"}, headers=own).raise_for_status()
    commands.erase(bob["id"], "user")
    live = client.get(f"users/{bob['id']}").json()
    assert (live["full_name"], live["is_active"]) == (f"Erased {bob['id']}", False)
    assert client.post("auth/login", data=form).status_code == 401
    assert client.get("auth/me", headers=own).status_code == 401
    page = client.get(f"users/{bob['id']}/history").json()["items"]
    assert page[-1]["new"]["full_name"] == "[erased]"
    assert "name the user" not in commands.unreachable(bob["id"], "User")
    assert commands.findings() == []


def test_the_last_superuser_is_not_erased(
    client: TestClient, commands: Commands
) -> None:
    (root,) = client.get("users").json()["items"]
    with pytest.raises(UsageException, match="last active superuser"):
        commands.erase(root["id"], "User")
    assert client.get("users").json()["items"][0]["full_name"] == root["full_name"]


def test_an_unknown_person_is_refused(commands: Commands) -> None:
    with pytest.raises(UsageException, match="neither a record nor in the log"):
        commands.erase(str(UUID(int=7)))
    with pytest.raises(UsageException, match="Customer"):
        commands.erase(str(UUID(int=7)), "Product")


def test_a_person_is_found_by_a_former_name_of_the_class(
    client: TestClient, commands: Commands, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Customer, "former_entities", frozenset({"Client"}))
    commands.ledger.append(Erasure("Client", UUID(ada), "Request 7", "Eve"), State.DONE)
    assert commands.reapply() == 1
    assert client.get(f"customers/{ada}").json()["phone"] is None


def test_no_value_is_written_without_a_key(
    client: TestClient, commands: Commands, ada: str
) -> None:
    with closing(sqlite3.connect(commands.keys)) as keys:
        keys.execute("ALTER TABLE personal_key RENAME TO away")
    answer = client.post("customers", json=ADA | {"email": "b@example.com"})
    assert answer.status_code == 503
    assert client.get(f"customers/{ada}/history").status_code == 503
    assert client.get(f"customers/{ada}").status_code == 200
    products = {"sku": "PEN", "name": "Pen", "price": "1.00", "stock": 1}
    assert client.post("products", json=products).status_code == 201
