"""Permissions: required by every operation, and read for each request."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from app.auth.bearer import get_principal
from app.auth.dependencies import PermissionChecker
from tests.accounts import PASSWORD, Account
from tests.auth.permissions.matrix import (
    GUARDED,
    MATRIX,
    OPEN,
    PAGES,
    PUBLIC,
    with_plain_ids,
)
from tests.auth.roles.test_roles import make_role
from tests.conftest import ClientWith, MakeAccount
from tests.contract import Json, status_and_code
from tests.modules.test_products import PEN

pytestmark = pytest.mark.either

GRANTABLE = {row.needs for row in GUARDED.values()}


def granted_by(registry: dict[str, list[str]]) -> set[str | None]:
    return {f"{module}:{action}" for module in registry for action in registry[module]}


def operations(app: FastAPI) -> dict[str, Any]:
    found = [
        (with_plain_ids(f"{method.upper()} {path}"), operation)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(dict(found)) == len(found)  # unique without the parameter names
    return dict(found)


def dependencies(dependant: Any) -> Iterator[Any]:
    if dependant:
        yield dependant.call
        for each in dependant.dependencies:
            yield from dependencies(each)


def test_every_operation_has_a_row(app: FastAPI) -> None:
    documented = operations(app).keys()
    assert documented == MATRIX.keys() | PUBLIC.keys()
    assert len(documented) == len(MATRIX) + len(PUBLIC)


@pytest.mark.asvs("8.2.1")
def test_every_route_authenticates_or_is_public(app: FastAPI) -> None:
    public, signed_in, guarded = set(), set(), set()
    for route in iter_route_contexts(app.routes):
        calls = list(dependencies(getattr(route, "dependant", None)))
        operation = with_plain_ids(f"{min(route.methods or ())} {route.path_format}")
        if any(isinstance(call, PermissionChecker) for call in calls):
            guarded.add(operation)
        elif get_principal in calls:
            signed_in.add(operation)
        elif route.path not in PAGES:
            public.add(operation)
    assert guarded == GUARDED.keys()
    assert signed_in == OPEN.keys()
    assert public == PUBLIC.keys()


def test_the_openapi_document_marks_the_guarded_operations(app: FastAPI) -> None:
    document = operations(app)
    for operation in MATRIX:
        responses = document[operation]["responses"]
        assert document[operation]["security"] == [{"OAuth2PasswordBearer": []}]
        assert {"401", "403"} <= responses.keys(), operation
    assert [each for each in PUBLIC if document[each].get("security") != []] == []
    (scheme,) = app.openapi()["components"]["securitySchemes"].values()
    assert scheme["flows"]["password"]["tokenUrl"] == "/api/v1/auth/login"


def test_any_user_may_list_the_permissions(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    assert anonymous.get("permissions").status_code == 401
    registry = anonymous.get("permissions", headers=make_account().header).json()
    assert granted_by(registry) == GRANTABLE
    assert registry["products"][:2] == ["read", "create"]
    assert registry["audit"] == ["read"]


def make_user(client: TestClient, make_account: MakeAccount, *roles: str) -> Account:
    """Add a user with these roles, and a token issued before any later change."""
    account = make_account()
    assign_roles(client, account, *roles)
    return account


def assign_roles(client: TestClient, account: Account, *roles: str) -> None:
    ids = [role.removeprefix("roles/") for role in roles]
    given = client.patch(f"users/{account.id}", json={"role_ids": ids})
    assert given.status_code == 200, given.text


def get_permissions(client: TestClient, account: Account) -> list[str]:
    me: dict[str, list[str]] = client.get("auth/me", headers=account.header).json()
    return me["permissions"]


def test_any_permission_on_a_module_includes_read(client_with: ClientWith) -> None:
    client = client_with("products:create")
    assert client.post("products", json=PEN).status_code == 201
    assert client.get("products").json()["total"] == 1
    assert client.get("auth/me").json()["permissions"] == [
        "products:create",
        "products:read",
    ]


def test_a_module_without_actions_grants_read(
    client: TestClient, make_account: MakeAccount
) -> None:
    ada = make_user(client, make_account, make_role(client, "viewer", products=[]))
    assert get_permissions(client, ada) == ["products:read"]
    assert client.get("products", headers=ada.header).status_code == 200
    assert client.get("tasks", headers=ada.header).status_code == 403


@pytest.mark.slow
def test_permissions_of_several_roles_are_combined(
    client: TestClient, make_account: MakeAccount
) -> None:
    ada = make_user(
        client,
        make_account,
        make_role(client, "one", products=["create"], tasks=[]),
        make_role(client, "two", products=["delete"], tasks=["update"]),
        make_role(client, "none"),
    )
    assert get_permissions(client, ada) == [
        "products:create",
        "products:delete",
        "products:read",
        "tasks:read",
        "tasks:update",
    ]
    assert client.post("products", json=PEN, headers=ada.header).status_code == 201


@pytest.mark.slow
@pytest.mark.asvs("8.3.2")
def test_a_change_applies_from_the_next_request(
    client: TestClient, make_account: MakeAccount
) -> None:
    role = make_role(client, "sales", products=["create"])
    other = make_role(client, "desk", products=["create"])
    ada = make_user(client, make_account)

    def is_permitted() -> bool:
        status = client.post("products", json={}, headers=ada.header).status_code
        assert status in (403, 422)
        return status == 422

    changes: tuple[tuple[Callable[[], object], bool], ...] = (
        (lambda: assign_roles(client, ada, role), True),
        (lambda: client.patch(role, json={"modules": {"products": []}}), False),
        (lambda: client.patch(role, json={"modules": {"products": ["create"]}}), True),
        (lambda: client.patch(role, json={"modules": {}}), False),
        (lambda: assign_roles(client, ada, role, other), True),
        (lambda: client.delete(role), True),
        (lambda: assign_roles(client, ada), False),
        (lambda: assign_roles(client, ada, other), True),
        (lambda: client.delete(other), False),
    )
    assert is_permitted() is False
    for number, (change, expected) in enumerate(changes):
        change()
        assert is_permitted() is expected, number


@pytest.mark.slow
def test_changed_permissions_change_the_etag_of_the_account(
    client: TestClient, make_account: MakeAccount
) -> None:
    role = make_role(client, "sales", products=["create"])
    ada = make_user(client, make_account, role)
    for method, body in (("PATCH", {"modules": {"tasks": []}}), ("DELETE", None)):
        cached = client.get("auth/me", headers=ada.header)
        assert client.request(method, role, json=body).is_success
        known = ada.header | {"if-none-match": cached.headers["etag"]}
        fresh = client.get("auth/me", headers=known)
        assert fresh.status_code == 200, method
        assert fresh.json()["permissions"] != cached.json()["permissions"]


SHOWN = {"id", "version", "created_at", "updated_at"}
USER = {"email", "full_name", "is_superuser", "must_change_password", "roles"}
FIELDS = {
    "users": SHOWN | USER | {"is_active"},
    "auth/me": SHOWN | USER | {"permissions"},
    "roles": SHOWN | {"name", "description", "modules"},
}


@pytest.mark.slow
@pytest.mark.asvs("15.3.1")
def test_a_response_has_exactly_these_fields(
    client: TestClient, make_account: MakeAccount
) -> None:
    url = f"users/{make_account('products:read').id}"
    user, role = client.get(url).json(), client.get("roles").json()["items"][0]
    assert user.keys() == FIELDS["users"]
    assert role.keys() == FIELDS["roles"]
    assert [list(each) for each in user["roles"]] == [["id", "name"]]
    me, (session,) = client.get("auth/me").json(), client.get("auth/sessions").json()
    assert me.keys() == FIELDS["auth/me"]
    fields = {"id", "created_at", "last_used_at", "ip", "user_agent", "current"}
    assert session.keys() == fields
    for item in client.get("users").json()["items"]:
        assert item.keys() == FIELDS["users"]
    changed = client.patch(url, json={"full_name": "Ada"}).json()
    made = client.post("users", json=NEW).json()
    assert (changed.keys(), made.keys()) == (FIELDS["users"],) * 2


NEW = {"email": "ada@example.com", "full_name": "Ada", "password": PASSWORD}
# Fields that a client must not set.
PROTECTED: Json = {
    "is_superuser": True,
    "id": "018f3c1e-7a2b-7c3d-8e4f-0123456789ab",
    "password_hash": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
    "roles": [],
    "role": "admin",
    "links": [],
    "permissions": ["users:update"],
    "version": 7,
    "auth_version": 7,
    "must_change_password": False,
    "email_key": "root@example.com",
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
    "__class__": "Role",
}
ADMINISTRATIVE: Json = {
    "is_active": True,
    "role_ids": [],
    "email": "b@b.com",
    "password": "x",
}


@pytest.mark.slow
@pytest.mark.asvs("15.3.3")
def test_protected_fields_of_a_user_are_rejected(
    client: TestClient, make_account: MakeAccount
) -> None:
    url = f"users/{make_account('users:update').id}"
    before = client.get("users").json()
    for name, value in PROTECTED.items():
        for rejected in (
            client.patch(url, json={"full_name": "Eve", name: value}),
            client.post("users", json=NEW | {name: value}),
            client.patch("auth/me", json={"full_name": "Eve", name: value}),
        ):
            assert status_and_code(rejected) == (422, "validation_failed"), name
    for name, value in ADMINISTRATIVE.items():
        mine = client.patch("auth/me", json={"full_name": "Eve", name: value})
        assert status_and_code(mine) == (422, "validation_failed"), name
    assert client.get("users").json() == before


@pytest.mark.slow
@pytest.mark.asvs("15.3.3")
def test_protected_fields_of_a_role_are_rejected(client: TestClient) -> None:
    role = make_role(client, "sales")
    before = client.get("roles").json()
    for name, value in (
        PROTECTED | {"grants": [], "users": [], "user_ids": []}
    ).items():
        for rejected in (
            client.patch(role, json={"name": "eve", name: value}),
            client.post("roles", json={"name": "eve", name: value}),
        ):
            assert status_and_code(rejected) == (422, "validation_failed"), name
    assert client.get("roles").json() == before
