"""The security log: each action logs one event with a stable name."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app import auth
from app.auth import client
from app.auth.keys.key_text import new_key
from app.core.config import Settings
from tests.accounts import PASSWORD, ROOT, Account, root_header
from tests.auth.keys.keys import key_body, with_key
from tests.auth.provisioning.test_links import redeem
from tests.auth.signing import NEW_PASSWORD, login, refresh
from tests.conftest import MakeAccount

pytestmark = [pytest.mark.either, pytest.mark.slow]

AUTH = Path(auth.__path__[0])
WRONG = "not the password"
ELSEWHERE = {"rate_limit_not_shared"}  # tests/auth/limits/test_policy.py
GRANTS: dict[str, list[str]] = {"tasks": []}


@dataclass
class Scenario:
    """A client, the superuser, and a factory of accounts."""

    client: TestClient
    make_account: MakeAccount
    root: dict[str, str]

    def as_root(self, method: str, path: str, json: object = None) -> Any:
        answer = self.client.request(method, path, json=json, headers=self.root)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def as_user(
        self, user: Account, method: str, path: str, json: object = None
    ) -> Any:
        return self.client.request(method, path, json=json, headers=user.header)

    def create_role(self) -> str:
        made = self.as_root("POST", "roles", {"name": "sales"})
        return f"roles/{made['id']}"


@pytest.fixture
def scenario(
    anonymous: TestClient, make_account: MakeAccount, settings: Settings
) -> Scenario:
    return Scenario(anonymous, make_account, root_header(settings))


def fail_login(scenario: Scenario, times: int = 1) -> None:
    email = scenario.make_account().email
    for _ in range(times):
        login(scenario.client, email, WRONG)


def reuse_token(scenario: Scenario) -> None:
    pair = {"refresh_token": scenario.make_account().refresh_token}
    for _ in range(2):
        refresh(scenario.client, pair)


def change_password(scenario: Scenario, current: str) -> None:
    body = {"current_password": current, "new_password": NEW_PASSWORD}
    scenario.as_user(scenario.make_account(), "POST", "auth/password", body)


def end_session(scenario: Scenario) -> None:
    user = scenario.make_account()
    (session,) = scenario.as_user(user, "GET", "auth/sessions").json()
    scenario.as_user(user, "DELETE", f"auth/sessions/{session['id']}")


def promote_user(scenario: Scenario) -> None:
    body = {"is_superuser": True, "current_password": PASSWORD}
    scenario.as_root("PUT", f"users/{scenario.make_account().id}/superuser", body)


def assign_roles(scenario: Scenario) -> None:
    role_id = scenario.create_role().removeprefix("roles/")
    scenario.as_root(
        "PATCH", f"users/{scenario.make_account().id}", {"role_ids": [role_id]}
    )


def remove_roles(scenario: Scenario) -> None:
    user = scenario.make_account("products:read")
    scenario.as_root("PATCH", f"users/{user.id}", {"role_ids": []})


def create_user(scenario: Scenario) -> None:
    role_id = scenario.create_role().removeprefix("roles/")
    account = {"email": "a@example.com", "full_name": "A", "password": PASSWORD}
    scenario.as_root("POST", "users", account | {"role_ids": [role_id]})


def reset_password(scenario: Scenario) -> None:
    scenario.as_root(
        "PATCH", f"users/{scenario.make_account().id}", {"password": NEW_PASSWORD}
    )


def exceed_permissions(scenario: Scenario) -> None:
    role = {"name": "x", "modules": {"users": ["delete"]}}
    rejected = scenario.as_user(
        scenario.make_account("roles:create"), "POST", "roles", role
    )
    assert rejected.status_code == 403


def use_unreadable_hash(scenario: Scenario) -> None:
    login(scenario.client, scenario.make_account(password_hash="garbage").email)


def logout_all(scenario: Scenario) -> None:
    scenario.as_user(scenario.make_account(), "POST", "auth/logout-all")


def make_key(scenario: Scenario, *addresses: str) -> Any:
    user = scenario.make_account("tasks:read")
    body = key_body("tasks:read", addresses=addresses)
    return scenario.as_root("POST", f"users/{user.id}/keys", body)


def revoke_key(scenario: Scenario) -> None:
    user = scenario.make_account("tasks:read")
    path, body = f"users/{user.id}/keys", key_body("tasks:read")
    key = scenario.as_root("POST", path, body)
    scenario.as_root("DELETE", f"{path}/{key['id']}")


def send_key(scenario: Scenario, key: str) -> None:
    scenario.client.get("tasks", headers=with_key(key))


def make_link(scenario: Scenario) -> str:
    path = f"users/{scenario.make_account().id}/password-link"
    url: str = scenario.as_root("POST", path)["url"]
    return url.partition("#")[2]


def hide_address(scenario: Scenario) -> None:
    client.reported.clear()
    transport: Any = scenario.client._transport
    transport.inner.client = ("unix", 0)
    fail_login(scenario)


Act = Callable[[Scenario], object]

# Each event, and an action that logs it.
ACTIONS: list[tuple[str, Act]] = [
    ("login_succeeded", lambda s: login(s.client, s.make_account().email)),
    ("login_failed", fail_login),
    ("client_address_unreadable", hide_address),
    ("login_blocked", lambda s: fail_login(s, times=6)),
    ("password_hash_unreadable", use_unreadable_hash),
    ("token_reused", reuse_token),
    ("password_changed", lambda s: change_password(s, PASSWORD)),
    ("password_changed", reset_password),
    ("password_refused", lambda s: change_password(s, WRONG)),
    ("permission_denied", lambda s: s.as_user(s.make_account(), "GET", "products")),
    ("permission_denied", exceed_permissions),
    ("logged_out", lambda s: s.as_user(s.make_account(), "POST", "auth/logout")),
    ("logged_out_everywhere", logout_all),
    ("session_ended", end_session),
    (
        "sessions_ended",
        lambda s: s.as_root("DELETE", f"users/{s.make_account().id}/sessions"),
    ),
    ("superuser_changed", promote_user),
    ("key_created", make_key),
    ("key_revoked", revoke_key),
    ("key_refused", lambda s: send_key(s, new_key())),
    ("key_address_refused", lambda s: send_key(s, make_key(s, "192.0.2.1")["key"])),
    ("password_link_created", make_link),
    ("password_link_refused", lambda s: redeem(s.client, "x")),
    ("password_changed", lambda s: redeem(s.client, make_link(s))),
    ("roles_assigned", assign_roles),
    ("roles_assigned", remove_roles),
    ("roles_assigned", create_user),
    ("role_created", lambda s: s.create_role()),
    (
        "grants_changed",
        lambda s: s.as_root("PATCH", s.create_role(), {"modules": GRANTS}),
    ),
    ("role_deleted", lambda s: s.as_root("DELETE", s.create_role())),
]

ADMINISTRATIVE = {
    "key_created",
    "key_revoked",
    "password_link_created",
    "sessions_ended",
    "superuser_changed",
    "roles_assigned",
    "role_created",
    "grants_changed",
    "role_deleted",
}


@pytest.mark.asvs("16.3.1")
@pytest.mark.parametrize(("event", "act"), ACTIONS)
def test_an_action_logs_its_event(scenario: Scenario, event: str, act: Act) -> None:
    with capture_logs() as logs:
        act(scenario)
    entries = [entry for entry in logs if entry["event"] == event]
    assert entries, logs
    names = entries[0].keys()
    assert {"user_id", "ip", "role_id"} & names or act is use_unreadable_hash
    if event in ADMINISTRATIVE:
        assert entries[0].get("by") == str(ROOT.user_id)


def test_a_restored_role_is_logged_as_created(scenario: Scenario) -> None:
    role = scenario.create_role()
    scenario.as_root("DELETE", role)
    with capture_logs() as logs:
        scenario.as_root("POST", f"{role}/restore")
    assert [entry["event"] for entry in logs] == ["role_created", "request"]


def test_a_rejected_change_logs_no_event(scenario: Scenario) -> None:
    scenario.create_role()
    other = scenario.as_root("POST", "roles", {"name": "other"})
    with capture_logs() as logs:
        change = {"name": "sales", "modules": GRANTS}
        url = f"roles/{other['id']}"
        rejected = scenario.client.patch(url, json=change, headers=scenario.root)
    assert rejected.status_code == 409
    assert [entry["event"] for entry in logs] == ["request"]


def test_every_logged_event_is_tested() -> None:
    sources = [ast.parse(path.read_text()) for path in AUTH.rglob("*.py")]
    calls = [node for tree in sources for node in ast.walk(tree)]
    names = {name for call in calls if (name := event_of(call))}
    assert names == {event for event, _ in ACTIONS} | ELSEWHERE


def event_of(node: ast.AST) -> str | None:
    """Return the event name if the node is a call of a logger."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="info" | "warning" | "error" | "log_event")
            | ast.Name(id="log_event"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return name
    return None
