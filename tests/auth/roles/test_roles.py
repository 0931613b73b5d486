"""Roles: named sets of grants."""

from collections import Counter
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import MakeAccount
from tests.contract import CrudContract, Json, status_and_code, unique_value
from tests.core.db.test_concurrency import at_once


class TestCrud(CrudContract):
    resource = "roles"
    payload = {"name": "sales", "modules": {"products": ["create"], "tasks": []}}
    change = {"modules": {"products": ["update"]}, "description": "Keep\nthe prices"}
    unique = frozenset({"name"})

    @classmethod
    def body(cls, client: TestClient) -> Json:
        """Return a role without grants, which any caller with roles:create may add."""
        return {"name": unique_value("")}


def make_role(client: TestClient, name: str, **modules: list[str]) -> str:
    made = client.post("roles", json={"name": name, "modules": modules})
    assert made.status_code == 201, made.text
    return f"roles/{made.json()['id']}"


def test_a_role_name_is_unique(client: TestClient) -> None:
    make_role(client, "sales")
    again = client.post("roles", json={"name": "sales"})
    assert status_and_code(again) == (409, "conflict")
    assert again.json()["detail"] == "Another Role has the same name"
    other = make_role(client, "stock")
    assert client.patch(other, json={"name": "sales"}).status_code == 409


UNKNOWN: tuple[Any, ...] = (
    {"warehouse": []},
    {"Products": ["create"]},
    {"*": ["*"]},
    {"": []},
    {"products": ["create", "publish"]},
    {"products": ["*"]},
    {"products": ["Create"]},
    {"products": [""]},
    {"products": ["read"]},
    {"products": [None]},
    {"products": "create"},
    {"products": None},
    {"products": {"create": True}},
    ["products"],
    "products",
    None,
)


@pytest.mark.slow
def test_unknown_permissions_cannot_be_granted(client: TestClient) -> None:
    role = make_role(client, "sales")
    for modules in UNKNOWN:
        for rejected in (
            client.post("roles", json={"name": "more", "modules": modules}),
            client.patch(role, json={"modules": modules}),
        ):
            assert status_and_code(rejected) == (422, "validation_failed"), modules
            assert rejected.json()["errors"][0]["loc"][:2] == ["body", "modules"]
    (only,) = client.get("roles").json()["items"]
    assert (only["modules"], only["version"]) == ({}, 1)


def test_a_validation_error_does_not_echo_the_input(client: TestClient) -> None:
    unknown: tuple[dict[str, list[str]], ...] = (
        {"canary": []},
        {"products": ["canary"]},
    )
    for modules in unknown:
        rejected = client.post("roles", json={"name": "more", "modules": modules})
        assert "canary" not in rejected.text


def test_grants_are_replaced(client: TestClient) -> None:
    role = make_role(client, "sales", products=["create", "update"], tasks=["delete"])
    modules: dict[str, list[str]] = {
        "products": ["delete", "create", "delete"],
        "customers": [],
    }
    changed = client.patch(role, json={"modules": modules}).json()
    assert changed["modules"] == {"customers": [], "products": ["create", "delete"]}
    assert client.get(role).json() == changed
    assert client.patch(role, json={"modules": {}}).json()["modules"] == {}
    again = client.patch(role, json={"modules": modules}).json()
    assert again["modules"] == changed["modules"]


@pytest.mark.slow
def test_changed_grants_increment_the_version(client: TestClient) -> None:
    role = make_role(client, "sales", products=["create"])
    steps: tuple[tuple[dict[str, list[str]], str], ...] = (
        ({"products": ["create"]}, '"1"'),
        ({"products": ["create", "update"]}, '"2"'),
        ({"products": ["update", "create"]}, '"2"'),
        ({"products": []}, '"3"'),
        ({"products": [], "tasks": []}, '"4"'),
        ({}, '"5"'),
    )
    for modules, version in steps:
        changed = client.patch(role, json={"modules": modules})
        assert changed.headers["etag"] == version, modules
    seen = {"if-match": '"4"'}
    stale = client.patch(role, json={"modules": {"tasks": []}}, headers=seen)
    assert status_and_code(stale) == (412, "precondition_failed")
    assert client.get(role, headers={"if-none-match": '"5"'}).status_code == 304


@pytest.mark.slow
def test_a_deleted_role_is_removed_from_its_users(
    client: TestClient, make_account: MakeAccount
) -> None:
    role = make_role(client, "sales", products=[])
    url = f"users/{make_account().id}"
    client.patch(url, json={"role_ids": [role.removeprefix("roles/")]})
    assert client.delete(role).status_code == 204
    assert client.get(url).json()["roles"] == []


@pytest.mark.slow
@pytest.mark.threads
def test_a_role_and_its_user_can_change_concurrently(
    client: TestClient, make_account: MakeAccount
) -> None:
    role, user = make_role(client, "sales"), f"users/{make_account().id}"
    client.patch(user, json={"role_ids": [role.removeprefix("roles/")]})
    changes = ((role, "name"), (user, "full_name"))

    def rename(number: int) -> int:
        url, field = changes[number % 2]
        return client.patch(url, json={field: f"Name {number}"}).status_code

    assert Counter(at_once(16, rename)) == {200: 16}


def test_unregistered_permissions_grant_nothing(
    client: TestClient, make_account: MakeAccount
) -> None:
    """The code may drop a module or an action before the tables do."""
    odd = make_account("warehouse:create", "products:publish", "users:read").header
    me = client.get("auth/me", headers=odd).json()
    assert me["permissions"] == ["products:read", "users:read"]
    (role,) = client.get("roles").json()["items"]
    cleared = client.patch(f"roles/{role['id']}", json={"modules": {"users": []}})
    assert cleared.json()["modules"] == {"users": []}
    assert client.get("auth/me", headers=odd).json()["permissions"] == ["users:read"]


LISTS = {
    "": "Édb",
    "sort=name": "bdÉ",
    "sort=-name": "Édb",
    "sort=created_at": "bdÉ",
    "sort=-created_at": "Édb",
    "q=ÉTÉ": "É",
    "q=été": "É",
    "q=100%25": "d",
    "q=keeps": "b",
    "q=products": "",
    "limit=1&offset=1": "d",
}


@pytest.mark.slow
def test_a_list_is_filtered_and_sorted(client: TestClient) -> None:
    for name, text in (("buyers", "Keeps stock"), ("desk", "100%"), ("Été", "")):
        client.post("roles", json={"name": name, "description": text})
    for query, found in LISTS.items():
        items = client.get(f"roles?{query}").json()["items"]
        assert "".join(item["name"][0] for item in items) == found, query
