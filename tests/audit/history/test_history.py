"""History, past states, revert and restore through the API."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.accounts import PASSWORD
from tests.auth.signing import login
from tests.auth.tokens.test_access_tokens import record_statements
from tests.conftest import ClientWith, MakeAccount

Json = dict[str, Any]
PEN = {"sku": "PEN-1", "name": "Pen", "price": "1.50", "stock": 3}
LATE = "2099-01-01T00:00:00Z"


def now() -> str:
    return datetime.now(UTC).isoformat()


def make(client: TestClient, path: str, body: Json) -> str:
    response = client.post(path, json=body)
    assert response.status_code == 201, response.text
    return f"{path}/{response.json()['id']}"


def body(response: Any, status: int = 200) -> Json:
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


def at(client: TestClient, url: str, instant: str) -> Any:
    return client.get(url, params={"as_of": instant})


def history(client: TestClient, url: str, **query: Any) -> list[Json]:
    items: list[Json] = body(client.get(f"{url}/history", params=query))["items"]
    return items


def test_a_history_has_the_user_and_the_values_of_each_change(
    client: TestClient,
) -> None:
    url = make(client, "products", PEN)
    changed = client.patch(url, json={"price": "2.00"}, headers={"X-Request-ID": "r-2"})
    client.delete(url)
    gone, raised, made = history(client, url)
    assert [each["action"] for each in (gone, raised, made)] == [
        "DELETE",
        "UPDATE",
        "INSERT",
    ]
    assert (raised["old"]["price"], raised["new"]["price"]) == ("1.50", "2.00")
    assert raised["request_id"] == changed.headers["X-Request-ID"] == "r-2"
    me = body(client.get("auth/me"))
    assert (raised["actor_id"], raised["actor_label"]) == (me["id"], me["email"])
    assert made["new"].items() >= PEN.items()
    assert gone["old"].items() >= {**PEN, "price": "2.00"}.items()


def test_a_long_history_is_paginated(client: TestClient) -> None:
    url = make(client, "products", PEN)
    for stock in range(10, 14):
        client.patch(url, json={"stock": stock})
    first = body(client.get(f"{url}/history?limit=3"))
    rest = body(client.get(f"{url}/history?limit=3&cursor={first['next']}"))
    versions = [each["version"] for each in first["items"] + rest["items"]]
    assert versions == [5, 4, 3, 2, 1]
    assert rest["next"] is None


def test_an_unknown_record_has_no_history(client: TestClient) -> None:
    missing = "products/01900000-0000-7000-8000-000000000000"
    assert client.get(f"{missing}/history").status_code == 404
    assert at(client, missing, LATE).status_code == 404
    assert client.post(f"{missing}/revert", json={"to_version": 1}).status_code == 404
    assert client.post(f"{missing}/restore").status_code == 404


def test_a_record_can_be_read_as_of_an_instant(client: TestClient) -> None:
    before = now()
    url = make(client, "products", PEN)
    made = body(client.get(url))
    client.patch(url, json={"name": "Pencil", "price": "0.70"})
    between = made["updated_at"]
    changed = body(client.get(url))
    client.delete(url)
    assert at(client, url, before).status_code == 404
    assert body(at(client, url, changed["updated_at"])) == changed
    assert at(client, url, LATE).status_code == 404
    past = at(client, url, between)
    assert body(past) == made
    assert past.headers["etag"] == '"1"'


def test_each_version_can_be_read(client: TestClient) -> None:
    url = make(client, "products", PEN)
    for stock in range(4, 8):
        client.patch(url, json={"stock": stock})
    seen = [
        (change["version"], body(at(client, url, change["at"])))
        for change in history(client, url)
    ]
    assert [(version, past["stock"]) for version, past in seen] == [
        (version, version + 2) for version in (5, 4, 3, 2, 1)
    ]
    assert all(past["version"] == version for version, past in seen)


@pytest.mark.parametrize("wrong", ["", "yesterday", "2026-11-23", "2026-11-23T10:00"])
def test_an_invalid_instant_is_rejected(client: TestClient, wrong: str) -> None:
    url = make(client, "products", PEN)
    assert at(client, url, wrong).status_code == 422


def test_a_revert_restores_the_values_of_a_version(client: TestClient) -> None:
    url = make(client, "products", PEN)
    client.patch(url, json={"name": "Oops", "price": "999.00", "stock": 9})
    plan = body(client.post(f"{url}/revert?dry_run=true", json={"to_version": 1}))
    assert plan["changes"] == {
        "name": ["Oops", "Pen"],
        "price": ["999.00", "1.50"],
        "stock": [9, 3],
    }
    assert body(client.get(url))["name"] == "Oops"
    reverted = client.post(f"{url}/revert", json={"to_version": 1})
    assert body(reverted).items() >= PEN.items()
    assert reverted.headers["etag"] == '"3"'
    newest = history(client, url)[0]
    assert newest["reason"] == "revert to version 1"
    assert newest["new"]["name"] == "Pen"


def test_a_revert_follows_the_rules_of_an_update(client: TestClient) -> None:
    url = make(client, "products", PEN)
    client.patch(url, json={"price": "2.00"})
    client.patch(url, json={"is_active": False})
    frozen = client.post(f"{url}/revert", json={"to_version": 2})
    assert body(frozen)["is_active"] is True
    client.patch(url, json={"is_active": False, "price": "3.00"})
    task = make(client, "tasks", {"title": "Drink"})
    client.patch(task, json={"status": "done"})
    client.patch(task, json={"status": "todo"})
    client.patch(task, json={"status": "cancelled"})
    refused = client.post(f"{task}/revert", json={"to_version": 2})
    assert refused.status_code == 409
    assert body(client.get(task))["status"] == "cancelled"


def test_a_revert_requires_the_current_etag(client: TestClient) -> None:
    url = make(client, "products", PEN)
    client.patch(url, json={"name": "Oops"})
    stale = {"If-Match": '"1"'}
    answer = client.post(f"{url}/revert", json={"to_version": 1}, headers=stale)
    assert answer.status_code == 412
    assert body(client.get(url))["name"] == "Oops"


@pytest.mark.parametrize("version", [0, -1, 7, "1", 1.5, None])
def test_a_revert_to_an_unknown_version_is_rejected(
    client: TestClient, version: object
) -> None:
    url = make(client, "products", PEN)
    answer = client.post(f"{url}/revert", json={"to_version": version})
    assert answer.status_code == (404 if version == 7 else 422)


def test_a_deleted_record_is_restored_with_its_id(client: TestClient) -> None:
    url = make(client, "products", PEN)
    client.patch(url, json={"stock": 5})
    was = body(client.get(url))
    assert client.post(f"{url}/restore").status_code == 409
    client.delete(url)
    restored = client.post(f"{url}/restore")
    # Version 3 was the deletion.
    moved = {"version": 4, "updated_at": restored.json()["updated_at"]}
    assert body(restored) == was | moved == body(client.get(url))
    assert history(client, url)[0]["reason"] == "restore"
    client.patch(url, json={"stock": 6})
    assert [each["version"] for each in history(client, url)] == [5, 4, 3, 2, 1]
    client.delete(url)
    assert body(client.post(f"{url}/restore"))["version"] == 7


def test_a_restore_requires_the_deleted_version(client: TestClient) -> None:
    url = make(client, "products", PEN)
    client.delete(url)
    stale = client.post(f"{url}/restore", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert client.get(url).status_code == 404
    restored = client.post(f"{url}/restore", headers={"If-Match": '"2"'})
    assert body(restored)["version"] == 3


def test_a_restore_that_violates_a_constraint_is_rejected(client: TestClient) -> None:
    url = make(client, "products", PEN)
    client.delete(url)
    make(client, "products", PEN)
    assert client.post(f"{url}/restore").status_code == 409
    customer = make(client, "customers", {"name": "Ada", "email": "a@example.com"})
    id = customer.removeprefix("customers/")
    task = make(client, "tasks", {"title": "Call", "customer_id": id})
    client.delete(task)
    client.delete(customer)
    assert client.post(f"{task}/restore").status_code == 422
    body(client.post(f"{customer}/restore"))
    assert body(client.post(f"{task}/restore"))["customer_id"] == id


def test_a_role_is_restored_with_its_grants(client: TestClient) -> None:
    modules = {"products": ["create", "update"], "tasks": []}
    role = make(client, "roles", {"name": "clerk", "modules": modules})
    first = history(client, role)[0]["at"]
    client.patch(role, json={"modules": {"customers": ["delete"]}})
    assert body(at(client, role, first))["modules"] == modules
    reverted = body(client.post(f"{role}/revert", json={"to_version": 1}))
    assert reverted["modules"] == modules
    client.delete(role)
    assert body(client.post(f"{role}/restore"))["modules"] == modules
    assert body(client.get(role))["modules"] == modules


def user_of(client: TestClient, *roles: str, email: str = "u@example.com") -> str:
    ids = [role.removeprefix("roles/") for role in roles]
    user = {"email": email, "full_name": "U", "password": PASSWORD}
    return make(client, "users", {**user, "role_ids": ids})


@pytest.mark.slow
def test_a_user_is_restored_without_a_password(client: TestClient) -> None:
    role = make(client, "roles", {"name": "clerk", "modules": {"tasks": []}})
    user = user_of(client, role)
    client.delete(user)
    restored = body(client.post(f"{user}/restore"))
    assert [each["name"] for each in restored["roles"]] == ["clerk"]
    for guess in (PASSWORD, "another", "!"):
        assert login(client, "u@example.com", guess).status_code == 401
    client.patch(user, json={"password": "another oak of brass"})
    assert login(client, "u@example.com", "another oak of brass").status_code == 200


def test_a_superuser_is_restored_as_an_ordinary_user(
    client: TestClient, make_account: MakeAccount
) -> None:
    url = f"users/{make_account(is_superuser=True).id}"
    assert body(client.get(url))["is_superuser"] is True
    client.delete(url)
    assert body(client.post(f"{url}/restore"))["is_superuser"] is False


@pytest.mark.slow
def test_a_past_state_of_a_user_includes_the_roles(client: TestClient) -> None:
    role = make(client, "roles", {"name": "clerk", "modules": {"tasks": []}})
    user = user_of(client, role)
    first = history(client, user)[0]["at"]
    client.patch(user, json={"role_ids": []})
    assert [each["name"] for each in body(at(client, user, first))["roles"]] == [
        "clerk"
    ]
    reverted = body(client.post(f"{user}/revert", json={"to_version": 1}))
    assert [each["name"] for each in reverted["roles"]] == ["clerk"]


@pytest.mark.slow
def test_a_dry_run_returns_the_changes_of_the_revert(client: TestClient) -> None:
    role = make(client, "roles", {"name": "clerk", "modules": {"tasks": []}})
    user = user_of(client, role)
    client.patch(user, json={"role_ids": [], "full_name": "V", "password": PASSWORD})
    superuser = {"is_superuser": True, "current_password": PASSWORD}
    assert client.put(f"{user}/superuser", json=superuser).status_code == 200
    before = body(client.get(user))
    plan = body(client.post(f"{user}/revert?dry_run=true", json={"to_version": 1}))
    id = role.removeprefix("roles/")
    assert plan["changes"] == {"full_name": ["V", "U"], "role_ids": [[], [id]]}
    reverted = body(client.post(f"{user}/revert", json={"to_version": 1}))
    same = before.keys() - {"version", "updated_at", "full_name", "roles"}
    assert {name: reverted[name] for name in same} == {
        name: before[name] for name in same
    }
    again = body(client.post(f"{user}/revert?dry_run=true", json={"to_version": 1}))
    assert again["changes"] == {}


def test_history_routes_require_the_permissions_of_the_record(
    client_with: ClientWith,
) -> None:
    creator = client_with("products:create", "products:delete")
    url = make(creator, "products", PEN)
    reader = client_with("products:read")
    assert reader.get(f"{url}/history").status_code == 200
    assert reader.post(f"{url}/revert", json={"to_version": 1}).status_code == 403
    updater = client_with("products:delete", "products:update")
    updater.delete(url)
    assert updater.post(f"{url}/restore").status_code == 403
    assert client_with("customers:read").get(f"{url}/history").status_code == 403
    past = at(client_with("customers:read"), url, LATE)
    assert past.status_code == 403


def test_restoring_a_role_requires_its_permissions(
    client: TestClient, client_with: ClientWith
) -> None:
    role = make(client, "roles", {"name": "boss", "modules": {"roles": ["delete"]}})
    user = user_of(client, role)
    client.delete(user)
    client.delete(role)
    weak = client_with("users:create", "roles:create")
    assert weak.post(f"{role}/restore").status_code == 403


def test_restoring_a_user_requires_the_permissions_of_the_roles(
    client: TestClient, make_account: MakeAccount
) -> None:
    role = make(client, "roles", {"name": "boss", "modules": {"roles": ["delete"]}})
    user = user_of(client, role)
    client.delete(user)
    weak = make_account("users:create").header
    assert client.post(f"{user}/restore", headers=weak).status_code == 403
    restored = body(client.post(f"{user}/restore"))
    assert [each["name"] for each in restored["roles"]] == ["boss"]


def make_roles(client: TestClient, count: int) -> list[str]:
    actions = ["create", "update", "delete"]
    modules = {"tasks": actions, "products": actions, "customers": actions}
    names = [f"role {count} {number}" for number in range(count)]
    return [make(client, "roles", {"name": n, "modules": modules}) for n in names]


@pytest.mark.slow
def test_a_past_user_takes_as_many_statements_with_one_role_as_with_ten(
    app: FastAPI, client: TestClient
) -> None:
    statements = record_statements(app)
    counts = []
    for count in (1, 10):
        roles = make_roles(client, count)
        user = user_of(client, *roles, email=f"u{count}@example.com")
        first = history(client, user)[0]["at"]
        client.patch(user, json={"role_ids": []})
        for role in roles:
            client.delete(role)
        statements.clear()
        past = body(at(client, user, first))
        counts.append(len(statements))
        assert len(past["roles"]) == count
    assert counts[0] == counts[1] <= 40
