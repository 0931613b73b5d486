"""Roles: named sets of grants."""

from collections import Counter
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import Enter
from tests.contract import CrudContract, Json, unlike, verdict
from tests.core.db.test_concurrency import at_once


class TestCrud(CrudContract):
    resource = "roles"
    payload = {"name": "sales", "modules": {"products": ["create"], "tasks": []}}
    change = {"modules": {"products": ["update"]}, "description": "Keep\nthe prices"}
    unique = frozenset({"name"})

    @classmethod
    def body(cls, client: TestClient) -> Json:
        """Return a role that grants nothing: nobody grants what she may not do."""
        return {"name": unlike("")}


def make_role(client: TestClient, name: str, **modules: list[str]) -> str:
    made = client.post("roles", json={"name": name, "modules": modules})
    assert made.status_code == 201, made.text
    return f"roles/{made.json()['id']}"


def test_a_name_belongs_to_one_role(client: TestClient) -> None:
    make_role(client, "sales")
    again = client.post("roles", json={"name": "sales"})
    assert verdict(again) == (409, "conflict")
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


def test_what_the_code_does_not_know_is_not_granted(client: TestClient) -> None:
    role = make_role(client, "sales")
    for modules in UNKNOWN:
        for refused in (
            client.post("roles", json={"name": "more", "modules": modules}),
            client.patch(role, json={"modules": modules}),
        ):
            assert verdict(refused) == (422, "validation_failed"), modules
            assert refused.json()["errors"][0]["loc"][:2] == ["body", "modules"]
    (only,) = client.get("roles").json()["items"]
    assert (only["modules"], only["version"]) == ({}, 1)


def test_a_refusal_does_not_repeat_what_was_sent(client: TestClient) -> None:
    unknown: tuple[dict[str, list[str]], ...] = (
        {"canary": []},
        {"products": ["canary"]},
    )
    for modules in unknown:
        refused = client.post("roles", json={"name": "more", "modules": modules})
        assert "canary" not in refused.text


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


def test_other_grants_are_another_version(client: TestClient) -> None:
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
    assert verdict(stale) == (412, "precondition_failed")
    assert client.get(role, headers={"if-none-match": '"5"'}).status_code == 304


def test_a_deleted_role_is_taken_from_all_who_held_it(
    client: TestClient, enter: Enter
) -> None:
    role = make_role(client, "sales", products=[])
    url = f"users/{enter().id}"
    client.patch(url, json={"role_ids": [role.removeprefix("roles/")]})
    assert client.delete(role).status_code == 204
    assert client.get(url).json()["roles"] == []


@pytest.mark.threads
def test_a_role_and_its_holder_change_at_once(client: TestClient, enter: Enter) -> None:
    role, user = make_role(client, "sales"), f"users/{enter().id}"
    client.patch(user, json={"role_ids": [role.removeprefix("roles/")]})
    changes = ((role, "name"), (user, "full_name"))

    def rename(number: int) -> int:
        url, field = changes[number % 2]
        return client.patch(url, json={field: f"Name {number}"}).status_code

    assert Counter(at_once(16, rename)) == {200: 16}


def test_leftovers_grant_nothing(client: TestClient, enter: Enter) -> None:
    """A module or an action may leave the code before it leaves the tables."""
    odd = enter("warehouse:create", "products:publish", "users:read").header
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


def test_a_list_is_filtered_and_sorted(client: TestClient) -> None:
    for name, text in (("buyers", "Keeps stock"), ("desk", "100%"), ("Été", "")):
        client.post("roles", json={"name": name, "description": text})
    for query, found in LISTS.items():
        items = client.get(f"roles?{query}").json()["items"]
        assert "".join(item["name"][0] for item in items) == found, query
