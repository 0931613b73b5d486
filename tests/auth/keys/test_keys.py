"""API keys: what a program may do with one, and until when."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from time_machine import TimeMachineFixture

from app.auth.keys.key_text import hash_of
from app.auth.keys.models import ApiKey
from app.core.clock import now
from app.main import app as whole_app
from tests.accounts import PASSWORD, ROOT, Account
from tests.auth.keys.keys import expiry, key_body, make_key, me, with_key
from tests.auth.permissions.matrix import MATRIX, PUBLIC
from tests.auth.permissions.test_matrix import missing_url, split_operation
from tests.auth.permissions.test_permissions import NEW, assign_roles
from tests.auth.signing import NEW_PASSWORD, bearer
from tests.auth.tokens.test_access_tokens import record_statements
from tests.conftest import MakeAccount, Read
from tests.contract import status_and_code
from tests.modules.test_products import PEN

pytestmark = pytest.mark.either

INVALID = (401, "invalid_token")
PERMISSIONS = ("products:create", "products:delete", "tasks:create")


@pytest.fixture
def ada(make_account: MakeAccount) -> Account:
    return make_account(*PERMISSIONS)


def test_a_program_acts_for_its_user(client: TestClient, ada: Account) -> None:
    key = make_key(client, ada, "products:create")
    made = client.post("products", json=PEN, headers=with_key(key))
    assert made.status_code == 201
    profile = client.get("auth/me", headers=with_key(key)).json()
    assert profile["id"] == str(ada.id)
    assert profile["permissions"] == ["products:create"]


def test_scopes_are_exact(client: TestClient, ada: Account) -> None:
    header = with_key(make_key(client, ada, "products:create"))
    for method, path, needs in (
        ("GET", "products", "products:read"),
        ("POST", "tasks", "tasks:create"),
        ("GET", "users", "users:read"),
    ):
        denied = client.request(method, path, json={}, headers=header)
        assert status_and_code(denied) == (403, "permission_denied")
        assert f'scope="{needs}"' in denied.headers["www-authenticate"]


def test_a_permission_that_the_user_loses_is_lost_to_the_key(
    client: TestClient, ada: Account
) -> None:
    key = make_key(client, ada, "products:read")
    assert client.get("products", headers=with_key(key)).status_code == 200
    assign_roles(client, ada)
    assert client.get("products", headers=with_key(key)).status_code == 403
    assert me(client, key) == 200


def test_a_superuser_s_key_has_its_scopes_only(
    client: TestClient, make_account: MakeAccount
) -> None:
    root = make_account(is_superuser=True)
    key = make_key(client, root, "users:read", "users:update")
    header = with_key(key)
    profile = client.get("auth/me", headers=header).json()
    assert profile["is_superuser"] is False
    assert profile["permissions"] == ["users:read", "users:update"]
    stronger = make_account("products:create")
    for user in (stronger.id, ROOT.user_id):
        url = f"users/{user}"
        denied = client.patch(url, json={"full_name": "Eve"}, headers=header)
        assert status_and_code(denied) == (403, "permission_denied")
    weaker = f"users/{make_account().id}"
    renamed = client.patch(weaker, json={"full_name": "Bob"}, headers=header)
    assert renamed.status_code == 200


def test_a_key_is_refused_on_all_of_auth_but_the_profile(
    client: TestClient, ada: Account
) -> None:
    header = with_key(make_key(client, ada, "products:read"))
    operations = [each for each in (*MATRIX, *PUBLIC) if "/auth/" in each]
    for operation in operations:
        method, url = split_operation(operation)
        body = MATRIX[operation].body if operation in MATRIX else {}
        if url.endswith("/login"):
            body = None  # it takes a form
        answer = client.request(method, missing_url(url), json=body, headers=header)
        found = status_and_code(answer) if answer.status_code != 200 else 200
        allowed = operation == "GET /api/v1/auth/me"
        assert found == (200 if allowed else (403, "key_not_allowed")), operation


def test_a_key_makes_no_users_keys_links_passwords_or_superusers(
    client: TestClient, make_account: MakeAccount
) -> None:
    root, user = make_account(is_superuser=True), f"users/{make_account().id}"
    scopes = "users:create", "users:update", "users:read"
    header = with_key(make_key(client, root, *scopes))
    promotion = {"is_superuser": True, "current_password": PASSWORD}
    users = client.get("users").json()["total"]
    for method, path, body, code in (
        ("POST", "users", NEW, "key_not_allowed"),
        ("PATCH", user, {"password": NEW_PASSWORD}, "key_not_allowed"),
        ("POST", f"{user}/keys", key_body("users:read"), "key_not_allowed"),
        ("POST", f"{user}/password-link", None, "key_not_allowed"),
        ("PUT", f"{user}/superuser", promotion, "permission_denied"),
    ):
        denied = client.request(method, path, json=body, headers=header)
        assert status_and_code(denied) == (403, code), path
    assert client.get(user).json()["version"] == 1
    assert client.get("users").json()["total"] == users


End = Callable[[TestClient, Account, dict[str, Any]], Any]
ENDS: dict[str, End] = {
    "revoked": lambda client, ada, key: client.delete(
        f"auth/keys/{key['id']}", headers=ada.header
    ),
    "revoked by an administrator": lambda client, ada, key: client.delete(
        f"users/{ada.id}/keys/{key['id']}"
    ),
    "deactivated": lambda client, ada, key: client.patch(
        f"users/{ada.id}", json={"is_active": False}
    ),
    "deleted": lambda client, ada, key: client.delete(f"users/{ada.id}"),
}


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_key_ends_at_once_and_for_good(
    client: TestClient, ada: Account, read: Read, end: End
) -> None:
    key = make_key(client, ada, "products:read")
    assert me(client, key) == 200
    assert end(client, ada, key).is_success
    refused = client.get("auth/me", headers=with_key(key))
    assert status_and_code(refused) == INVALID
    client.patch(f"users/{ada.id}", json={"is_active": True})
    assert me(client, key) == 401
    assert read(select(func.count()).select_from(ApiKey)) == [0]


def test_a_key_survives_a_password_change_and_a_logout_everywhere(
    client: TestClient, ada: Account
) -> None:
    key = make_key(client, ada, "products:read")
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    pair = client.post("auth/password", json=body, headers=ada.header).json()
    assert client.post("auth/logout-all", headers=bearer(pair)).status_code == 204
    reset = {"password": PASSWORD}
    assert client.patch(f"users/{ada.id}", json=reset).status_code == 200
    assert me(client, key) == 200  # the user must change the password, the program not
    assert client.get("products", headers=with_key(key)).status_code == 200


def test_a_key_expires(
    client: TestClient, ada: Account, time_machine: TimeMachineFixture
) -> None:
    key = make_key(client, ada, "products:read", expires_at=expiry(minutes=5))
    at = now()
    for minutes, status in ((4, 200), (6, 401)):
        time_machine.move_to(at + timedelta(minutes=minutes))
        assert me(client, key) == status


@pytest.mark.parametrize(
    "values",
    [
        {"expires_at": None},
        {"expires_at": expiry(seconds=-1)},
        {"expires_at": expiry(days=367)},
        {"scopes": []},
        {"scopes": ["products:fly"]},
        {"scopes": ["products"]},
        {"scopes": ["*:*"]},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 101},
        {"addresses": ["192.0.2.1/24"]},
        {"addresses": ["fe80::1%eth0"]},
        {"addresses": ["::ffff:192.0.2.1"]},
        {"addresses": [""]},
        {"addresses": ["example.com"]},
        {"addresses": ["192.0.2.1"] * 21},
        {"key_hash": "x"},
        {"user_id": str(ROOT.user_id)},
    ],
)
def test_an_invalid_key_is_not_made(client: TestClient, values: dict[str, Any]) -> None:
    body = key_body("products:read") | values
    refused = client.post("auth/keys", json=body)
    assert status_and_code(refused) == (422, "validation_failed")
    assert client.get("auth/keys").json() == []
    for address in filter(None, values.get("addresses", ())):
        assert address not in refused.text


def test_a_key_must_expire(client: TestClient) -> None:
    body = key_body("products:read")
    del body["expires_at"]
    assert client.post("auth/keys", json=body).status_code == 422


@pytest.mark.slow
def test_a_user_has_twenty_keys_at_most(client: TestClient, ada: Account) -> None:
    keys = [make_key(client, ada, "products:read") for _ in range(20)]
    body = key_body("products:read")
    refused = client.post("auth/keys", json=body, headers=ada.header)
    assert status_and_code(refused) == (409, "conflict")
    client.delete(f"auth/keys/{keys[0]['id']}", headers=ada.header)
    make_key(client, ada, "products:read")


def test_keys_are_listed_without_the_key(client: TestClient, ada: Account) -> None:
    networks = ["192.0.2.0/24", "2001:db8::1"]
    first = make_key(client, ada, "products:read", addresses=networks)
    second = make_key(client, ada, "tasks:create", "tasks:read", name="other")
    mine = client.get("auth/keys", headers=ada.header)
    assert mine.json() == [
        {name: value for name, value in each.items() if name != "key"}
        for each in (second, first)
    ]
    assert first["addresses"] == ["192.0.2.0/24", "2001:db8::1/128"]
    assert second["scopes"] == ["tasks:create", "tasks:read"]
    assert client.get(f"users/{ada.id}/keys").json() == mine.json()
    assert client.get("auth/keys").json() == []
    for key in (first, second):
        assert key["key"].startswith(f"bo_{key['prefix']}_")
        assert key["key"] not in mine.text


def test_a_stranger_s_key_cannot_be_revoked(
    client: TestClient, ada: Account, make_account: MakeAccount
) -> None:
    key = make_key(client, ada, "products:read")
    stranger = make_account()
    for path in (f"auth/keys/{key['id']}", f"users/{stranger.id}/keys/{key['id']}"):
        header = stranger.header if path.startswith("auth") else {}
        assert client.delete(path, headers=header).status_code == 404
    assert me(client, key) == 200


def test_a_response_with_a_key_is_not_kept(client: TestClient, ada: Account) -> None:
    header = {"idempotency-key": "one"}
    for path, body in (
        ("auth/keys", key_body("products:read")),
        (f"users/{ada.id}/keys", key_body("products:read")),
        (f"users/{ada.id}/password-link", None),
    ):
        refused = client.post(path, json=body, headers=header)
        assert status_and_code(refused) == (400, "bad_request"), path
    assert client.get(f"users/{ada.id}/keys").json() == []
    operations = whole_app.openapi()["paths"]
    described = operations["/api/v1/users/{user_id}/keys"]["post"]
    names = [each["name"] for each in described["parameters"]]
    assert "Idempotency-Key" not in names


@pytest.mark.asvs("9.1.1")
def test_a_mistyped_key_is_refused_without_a_statement(
    app: FastAPI, client: TestClient, ada: Account
) -> None:
    key = make_key(client, ada, "products:create")["key"]
    statements = record_statements(app)
    wrong = f"{key[:20]}{'A' if key[20] != 'A' else 'B'}{key[21:]}"
    for text in (wrong, key[:-1], f"{key}x", key.upper(), "bo_", f"{key} "):
        for method in ("GET", "POST"):
            answer = client.request(method, "products", headers=with_key(text))
            assert status_and_code(answer) == INVALID
    assert statements == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_key_costs_no_statement_more_than_a_session(
    app: FastAPI, client: TestClient, ada: Account, method: str
) -> None:
    scopes = ("products:read", "products:create")
    keys = [with_key(make_key(client, ada, *scopes)) for _ in range(3)]
    numbers = count()

    def statements(header: dict[str, str]) -> int:
        pen = PEN | {"sku": f"PEN-{next(numbers)}"}
        found = record_statements(app)
        assert client.request(method, "products", json=pen, headers=header).is_success
        return len(found)

    # A background task may add a statement to one of three.
    assert min(map(statements, [ada.header] * 3)) == min(map(statements, keys))


def test_the_log_names_the_key(client: TestClient, ada: Account, read: Read) -> None:
    key = make_key(client, ada, "products:create", name="nightly import")
    made = client.post("products", json=PEN, headers=with_key(key)).json()
    log = client.get(f"audit/changes?entity_id={made['id']}").json()
    (change,) = log["items"]
    assert change["actor_id"] == str(ada.id)
    assert (change["key_id"], change["key_name"]) == (key["id"], "nightly import")


def test_making_and_revoking_a_key_is_recorded(
    client: TestClient, ada: Account, read: Read
) -> None:
    key = make_key(client, ada, "products:create")
    client.delete(f"auth/keys/{key['id']}", headers=ada.header)
    log = client.get(f"audit/changes?entity_id={key['id']}")
    revoked, made = log.json()["items"]
    assert [made["action"], revoked["action"]] == ["INSERT", "DELETE"]
    assert {made["actor_id"], revoked["actor_id"]} == {str(ada.id)}
    assert made["new"]["key_hash"].startswith("hmac:")
    assert made["new"]["scopes"] == "products:create"
    for secret in (key["key"], hash_of(key["key"])):
        assert secret not in log.text


@pytest.mark.parametrize(
    ("ip", "networks", "status"),
    [
        ("192.0.2.7", ["192.0.2.0/24"], 200),
        ("192.0.3.7", ["192.0.2.0/24"], 401),
        ("192.0.3.7", ["192.0.2.0/24", "192.0.3.7"], 200),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], 200),
        ("2001:db8::9", ["2001:db8::/64"], 200),
        ("2001:db8:1::9", ["2001:db8::/64", "0.0.0.0/0"], 401),
        ("unix", ["0.0.0.0/0", "::/0"], 401),
        ("unix", [], 200),
    ],
)
def test_a_key_may_be_limited_to_addresses(
    client: TestClient, ada: Account, ip: str, networks: list[str], status: int
) -> None:
    key = make_key(client, ada, "products:read", addresses=networks)
    transport: Any = client._transport
    transport.inner.client = (ip, 0)
    assert me(client, key) == status
