"""A write that waited for a lock asks again whether its author may still write."""

from threading import Timer
from typing import Any

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app.auth.limits import policy
from app.main import create_app
from tests.accounts import PASSWORD, Account, add_account
from tests.auth.keys.keys import make_key
from tests.auth.signing import NEW_PASSWORD, sign_in
from tests.clients import Client
from tests.conftest import MakeAccount
from tests.contract import CrudContract, status_and_code
from tests.databases import PATIENCE, make_settings
from tests.modules.test_products import PEN
from tests.processes.locks import locked
from tests.slices import SLICES

pytestmark = pytest.mark.slow

Call = dict[str, Any]

WAIT = 0.2  # seconds
TABLES = {"users": "user_account"}
DISABLE = "UPDATE user_account SET is_active = false WHERE email = '{email}'"
REVOKE = "UPDATE auth_session SET revoked_at = created_at WHERE revoked_at IS NULL"
DELETE = "DELETE FROM user_account WHERE email = '{email}'"
REFERENCES = "DELETE FROM auth_session; DELETE FROM user_role; "
REMOVE = "DELETE FROM role_permission WHERE action = '{action}'"
ACTIONS = {"POST": "create", "PATCH": "update", "DELETE": "delete"}


def table_of(resource: str) -> str:
    return TABLES.get(resource, resource.removesuffix("s"))


def write_after(
    last: str, url: str, client: TestClient, account: Account, call: Call
) -> int:
    """Write while another transaction holds a lock; it ends with this statement."""
    with locked(url, table_of(call["url"].partition("/")[0]), last) as release:
        timer = Timer(WAIT, release.set)
        timer.start()
        answer = client.request(**call, headers=account.header)
        assert release.is_set(), "The request has not waited"
    return answer.status_code


def call_of(client: TestClient, tests: type[CrudContract], method: str) -> Call:
    if method == "POST":
        body = tests.body(client)
        return {"method": method, "url": tests.resource, "json": body}
    path = f"{tests.resource}/{tests.make(client)}"
    return {"method": method, "url": path, "json": tests.change}


@pytest.fixture
def author(make_account: MakeAccount) -> Account:
    actions = ACTIONS.values()
    return make_account(*(f"{name}:{each}" for name in SLICES for each in actions))


@pytest.mark.parametrize("method", ACTIONS)
@pytest.mark.parametrize("resource", SLICES)
def test_a_disabled_author_s_write_is_rejected(
    url: str, client: TestClient, author: Account, resource: str, method: str
) -> None:
    call = call_of(client, SLICES[resource], method)
    count = client.get(resource).json()["total"]
    last = DISABLE.format(email=author.email)
    assert write_after(last, url, client, author, call) == 401
    assert client.get(resource).json()["total"] == count
    if method == "PATCH":
        assert client.get(call["url"]).json()["version"] == 1


@pytest.mark.parametrize("method", ACTIONS)
def test_a_permission_that_is_gone_is_missed(
    url: str, client: TestClient, author: Account, method: str
) -> None:
    call = call_of(client, SLICES["products"], method)
    last = REMOVE.format(action=ACTIONS[method])
    assert write_after(last, url, client, author, call) == 403


GRANT: Call = {"modules": {"products": ["update"]}}
LOSE = (
    "DELETE FROM role_permission WHERE action = 'update' AND grant_id IN (SELECT id "
    "FROM role_module WHERE module = 'products' AND role_id IN (SELECT role_id FROM "
    "user_role JOIN user_account ON user_account.id = user_id WHERE email = '{email}'))"
)


@pytest.mark.parametrize(
    "target",
    [
        "POST users",
        "PATCH users/{user}",
        "DELETE users/{holder}",
        "POST users/{holder}/password-link",
        "POST roles",
        "DELETE roles/{role}",
    ],
)
def test_a_permission_that_is_gone_is_neither_granted_nor_withdrawn(
    url: str, client: TestClient, author: Account, target: str
) -> None:
    role = client.post("roles", json={"name": "role", **GRANT}).json()["id"]
    user, holder, new = (SLICES["users"].body(client) for _ in range(3))
    ids = {
        "role": role,
        "user": client.post("users", json=user).json()["id"],
        "holder": client.post("users", json=holder | {"role_ids": [role]}).json()["id"],
    }
    bodies = {
        "POST users": new | {"role_ids": [role]},
        "PATCH users/{user}": {"role_ids": [role]},
        "POST roles": {"name": "new", **GRANT},
    }
    method, path = target.format(**ids).split()
    # What is written last: by then, all has been checked.
    table = "password_link" if "link" in path else "audit_change"
    lose = LOSE.format(email=author.email)
    with capture_logs() as logs, locked(url, table, lose) as release:
        Timer(WAIT, release.set).start()
        body = bodies.get(target)
        answer = client.request(method, path, json=body, headers=author.header)
        assert release.is_set(), "The request has not waited"
    assert status_and_code(answer) == (403, "permission_denied")
    assert not any("by" in entry for entry in logs)  # no event of what was not done


def test_a_revoked_session_cannot_revert(
    url: str, client: TestClient, author: Account
) -> None:
    path = f"products/{SLICES['products'].make(client)}"
    assert client.patch(path, json={"name": "Other"}).status_code == 200
    call: Call = {"method": "POST", "url": f"{path}/revert", "json": {"to_version": 1}}
    assert write_after(REVOKE, url, client, author, call) == 401


def test_a_write_that_waited_is_committed(
    url: str, client: TestClient, author: Account
) -> None:
    call = call_of(client, SLICES["products"], "PATCH")
    assert write_after("SELECT 1", url, client, author, call) == 200


def test_a_disabled_user_s_profile_is_not_changed(
    url: str, client: TestClient, author: Account
) -> None:
    call: Call = {"method": "PATCH", "url": "auth/me", "json": {"full_name": "Other"}}
    last = DISABLE.format(email=author.email)
    with locked(url, "user_account", last) as release:
        Timer(WAIT, release.set).start()
        answer = client.request(**call, headers=author.header)
    assert answer.status_code == 401


def test_a_session_that_was_ended_cannot_change_the_password(
    url: str, client: TestClient, author: Account
) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    call: Call = {"method": "POST", "url": "auth/password", "json": body}
    with locked(url, "user_account", REVOKE) as release:
        Timer(WAIT, release.set).start()
        answer = client.request(**call, headers=author.header)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["users/{id}", "users/{id}/sessions"])
def test_a_user_can_end_their_own_account_after_a_wait(
    url: str, client: TestClient, make_account: MakeAccount, path: str
) -> None:
    """Their session is gone by then, in their own transaction."""
    own = make_account(is_superuser=True)
    call: Call = {"method": "DELETE", "url": path.format(id=own.id)}
    assert write_after("SELECT 1", url, client, own, call) == 204


@pytest.mark.parametrize("path", ["auth/sessions/{session}", "auth/keys/{key}"])
def test_a_session_that_was_ended_ends_no_session_or_key(
    url: str, client: TestClient, author: Account, path: str
) -> None:
    """Its own session may end in the meantime by another one of the same user."""
    ids = {
        "key": make_key(client, author, "products:read")["id"],
        "session": other_session(client, author),
    }
    call: Call = {"method": "DELETE", "url": path.format(**ids)}
    table = "api_key" if "keys" in path else "auth_session"
    with locked(url, table, DISABLE.format(email=author.email)) as release:
        Timer(WAIT, release.set).start()
        answer = client.request(**call, headers=author.header)
    assert answer.status_code == 401


def other_session(client: TestClient, account: Account) -> str:
    sign_in(client, account.email)
    found = client.get("auth/sessions", headers=account.header).json()
    (other,) = [each["id"] for each in found if not each["current"]]
    id: str = other
    return id


@pytest.mark.parametrize("last", [REVOKE, DELETE])
def test_a_session_that_was_ended_logs_no_one_out(
    url: str, client: TestClient, author: Account, last: str
) -> None:
    """Else a thief's request, which waits for a new password, ends the new session."""
    # Another connection to SQLite checks no references.
    before = "" if url.startswith("sqlite") or last is REVOKE else REFERENCES
    last = before + last.format(email=author.email)
    with locked(url, "user_account", last) as release:
        Timer(WAIT, release.set).start()
        answer = client.post("auth/logout-all", headers=author.header)
    assert status_and_code(answer) == (401, "invalid_token")


def test_a_replay_that_waited_needs_the_session(
    url: str, client: TestClient, author: Account
) -> None:
    call = call_of(client, SLICES["products"], "POST")
    headers = author.header | {"idempotency-key": "1"}
    assert client.request(**call, headers=headers).status_code == 201
    with locked(url, "idempotency_key", REVOKE) as release:
        Timer(WAIT, release.set).start()
        answer = client.request(**call, headers=headers)
        assert release.is_set(), "The request has not waited"
    assert answer.status_code == 401


def test_a_write_that_waited_for_a_rate_limit_needs_the_session(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "PATIENCE", PATIENCE)
    settings = make_settings(url, RATE_LIMIT_USER="1000/86400")
    author = add_account(settings, "products:create")
    with (
        Client(create_app(settings), "http://test/api/v1/") as client,
        locked(url, "rate_limit_use", REVOKE) as release,
    ):
        Timer(WAIT, release.set).start()
        answer = client.post("products", json=PEN, headers=author.header)
        assert release.is_set(), "The request has not waited"
    assert answer.status_code == 401
