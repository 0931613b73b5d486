"""The security log: everything that matters is told, each by one stable name."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app import auth
from app.core.config import Settings
from tests.accounts import PASSWORD, ROOT, Account, root_header
from tests.auth.signing import NEW_PASSWORD, login, refresh
from tests.conftest import Enter

AUTH = Path(auth.__path__[0])
WRONG = "not the password"
GRANTS: dict[str, list[str]] = {"tasks": []}


@dataclass
class Scene:
    """A client, a superuser, and a way to bring in others."""

    client: TestClient
    enter: Enter
    root: dict[str, str]

    def as_root(self, method: str, path: str, json: object = None) -> Any:
        answer = self.client.request(method, path, json=json, headers=self.root)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def as_user(
        self, user: Account, method: str, path: str, json: object = None
    ) -> Any:
        return self.client.request(method, path, json=json, headers=user.header)

    def role(self) -> str:
        made = self.as_root("POST", "roles", {"name": "sales"})
        return f"roles/{made['id']}"


@pytest.fixture
def scene(stranger: TestClient, enter: Enter, settings: Settings) -> Scene:
    return Scene(stranger, enter, root_header(settings))


def fail(scene: Scene, times: int = 1) -> None:
    email = scene.enter().email
    for _ in range(times):
        login(scene.client, email, WRONG)


def reuse(scene: Scene) -> None:
    pair = {"refresh_token": scene.enter().refresh_token}
    for _ in range(2):
        refresh(scene.client, pair)


def change_password(scene: Scene, current: str) -> None:
    body = {"current_password": current, "new_password": NEW_PASSWORD}
    scene.as_user(scene.enter(), "POST", "auth/password", body)


def end_session(scene: Scene) -> None:
    user = scene.enter()
    (session,) = scene.as_user(user, "GET", "auth/sessions").json()
    scene.as_user(user, "DELETE", f"auth/sessions/{session['id']}")


def promote(scene: Scene) -> None:
    body = {"is_superuser": True, "current_password": PASSWORD}
    scene.as_root("PUT", f"users/{scene.enter().id}/superuser", body)


def assign(scene: Scene) -> None:
    role_id = scene.role().removeprefix("roles/")
    scene.as_root("PATCH", f"users/{scene.enter().id}", {"role_ids": [role_id]})


def take_away(scene: Scene) -> None:
    user = scene.enter("products:read")
    scene.as_root("PATCH", f"users/{user.id}", {"role_ids": []})


def hire(scene: Scene) -> None:
    role_id = scene.role().removeprefix("roles/")
    account = {"email": "a@example.com", "full_name": "A", "password": PASSWORD}
    scene.as_root("POST", "users", account | {"role_ids": [role_id]})


def reset(scene: Scene) -> None:
    scene.as_root("PATCH", f"users/{scene.enter().id}", {"password": NEW_PASSWORD})


def overreach(scene: Scene) -> None:
    role = {"name": "x", "modules": {"users": ["delete"]}}
    refused = scene.as_user(scene.enter("roles:create"), "POST", "roles", role)
    assert refused.status_code == 403


def meet_garbage(scene: Scene) -> None:
    login(scene.client, scene.enter(password_hash="garbage").email)


def logout_all(scene: Scene) -> None:
    scene.as_user(scene.enter(), "POST", "auth/logout-all")


Act = Callable[[Scene], object]

# What happens, and the one name by which it is told.
ACTIONS: list[tuple[str, Act]] = [
    ("login_succeeded", lambda s: login(s.client, s.enter().email)),
    ("login_failed", fail),
    ("login_blocked", lambda s: fail(s, times=6)),
    ("password_hash_unreadable", meet_garbage),
    ("token_reused", reuse),
    ("password_changed", lambda s: change_password(s, PASSWORD)),
    ("password_changed", reset),
    ("password_refused", lambda s: change_password(s, WRONG)),
    ("permission_denied", lambda s: s.as_user(s.enter(), "GET", "products")),
    ("permission_denied", overreach),
    ("logged_out", lambda s: s.as_user(s.enter(), "POST", "auth/logout")),
    ("logged_out_everywhere", logout_all),
    ("session_ended", end_session),
    ("sessions_ended", lambda s: s.as_root("DELETE", f"users/{s.enter().id}/sessions")),
    ("superuser_changed", promote),
    ("roles_assigned", assign),
    ("roles_assigned", take_away),
    ("roles_assigned", hire),
    ("role_created", lambda s: s.role()),
    ("grants_changed", lambda s: s.as_root("PATCH", s.role(), {"modules": GRANTS})),
    ("role_deleted", lambda s: s.as_root("DELETE", s.role())),
]

ADMINISTRATIVE = {
    "sessions_ended",
    "superuser_changed",
    "roles_assigned",
    "role_created",
    "grants_changed",
    "role_deleted",
}


@pytest.mark.asvs("16.3.1")
@pytest.mark.parametrize(("event", "act"), ACTIONS)
def test_what_happens_is_told(scene: Scene, event: str, act: Act) -> None:
    with capture_logs() as logs:
        act(scene)
    told = [entry for entry in logs if entry["event"] == event]
    assert told, logs
    assert {"user_id", "ip", "role_id"} & told[0].keys() or act is meet_garbage
    if event in ADMINISTRATIVE:
        assert told[0].get("by") == str(ROOT.user_id)


def test_a_role_that_comes_back_is_told_like_a_new_one(scene: Scene) -> None:
    role = scene.role()
    scene.as_root("DELETE", role)
    with capture_logs() as logs:
        scene.as_root("POST", f"{role}/restore")
    assert [entry["event"] for entry in logs] == ["role_created", "request"]


def test_what_did_not_happen_is_not_told(scene: Scene) -> None:
    scene.role()
    other = scene.as_root("POST", "roles", {"name": "other"})
    with capture_logs() as logs:
        change = {"name": "sales", "modules": GRANTS}
        url = f"roles/{other['id']}"
        refused = scene.client.patch(url, json=change, headers=scene.root)
    assert refused.status_code == 409
    assert [entry["event"] for entry in logs] == ["request"]


def test_nothing_else_is_told() -> None:
    sources = [ast.parse(path.read_text()) for path in AUTH.rglob("*.py")]
    calls = [node for tree in sources for node in ast.walk(tree)]
    names = {name for call in calls if (name := event_of(call))}
    assert names == {event for event, _ in ACTIONS}


def event_of(node: ast.AST) -> str | None:
    """Return the name of the event that a call of a logger writes."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="info" | "warning" | "error" | "log_event"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return name
    return None
