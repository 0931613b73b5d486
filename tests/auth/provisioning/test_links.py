"""One-time password links: who may make one, and what ends it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col
from time_machine import TimeMachineFixture

from app.auth.passwords import attempts
from app.auth.passwords.links import PasswordLink, hash_of, new_token
from app.core.clock import now
from app.main import create_app
from tests.accounts import PASSWORD, ROOT, Account
from tests.auth.keys.keys import key_body
from tests.auth.permissions.test_permissions import assign_roles
from tests.auth.roles.test_roles import make_role
from tests.auth.signing import NEW_PASSWORD, login, me
from tests.conftest import MakeAccount, Read
from tests.contract import status_and_code
from tests.databases import make_settings

pytestmark = pytest.mark.either

INVALID = (400, "invalid_link")


@pytest.fixture
def ada(make_account: MakeAccount) -> Account:
    return make_account("products:read", must_change_password=True)


def make_link(client: TestClient, user: Any, **header: str) -> str:
    """Make a link; return its token."""
    made = client.post(f"users/{user}/password-link", headers=header)
    assert made.status_code == 201, made.text
    url, _, token = made.json()["url"].partition("#")
    assert url == "http://test/password"
    text: str = token
    return text


def redeem(client: TestClient, token: str, password: str = NEW_PASSWORD) -> Any:
    body = {"token": token, "new_password": password}
    return client.post(
        "auth/password-link/redeem", json=body, headers={"authorization": ""}
    )


@pytest.mark.slow
def test_a_user_sets_a_password_with_a_link(client: TestClient, ada: Account) -> None:
    token = make_link(client, ada.id)
    assert me(client, {"access_token": ada.access_token}) == 200
    done = redeem(client, token)
    assert (done.status_code, done.content) == (204, b"")
    assert login(client, ada.email).status_code == 401
    assert login(client, ada.email, NEW_PASSWORD).status_code == 200
    assert me(client, {"access_token": ada.access_token}) == 401
    user = client.get(f"users/{ada.id}").json()
    assert user["must_change_password"] is False


def test_the_change_is_recorded_with_the_link_s_maker(
    client: TestClient, ada: Account
) -> None:
    redeem(client, make_link(client, ada.id))
    log = client.get(f"audit/changes?entity_id={ada.id}").json()
    change = log["items"][0]
    assert change["reason"] == f"password link of user {ROOT.user_id}"
    assert change["actor_id"] is None
    assert change["new"]["password_hash"].startswith("hmac:")
    # A login that is verifying the former password fails.
    assert change["new"]["auth_version"] == 2


@pytest.mark.slow
def test_a_link_works_once(client: TestClient, ada: Account) -> None:
    token = make_link(client, ada.id)
    assert redeem(client, token).status_code == 204
    assert status_and_code(redeem(client, token, PASSWORD)) == INVALID
    assert login(client, ada.email, NEW_PASSWORD).status_code == 200


@pytest.mark.slow
def test_a_new_link_replaces_the_former_one(client: TestClient, ada: Account) -> None:
    former, latter = make_link(client, ada.id), make_link(client, ada.id)
    assert status_and_code(redeem(client, former)) == INVALID
    assert redeem(client, latter).status_code == 204


@pytest.mark.slow
def test_a_link_expires_after_an_hour(
    client: TestClient, ada: Account, time_machine: TimeMachineFixture
) -> None:
    token, begin = make_link(client, ada.id), now()
    time_machine.move_to(begin + timedelta(minutes=61))
    assert status_and_code(redeem(client, token)) == INVALID
    time_machine.move_to(begin + timedelta(minutes=59))
    assert redeem(client, token).status_code == 204


def promote(client: TestClient, user: Account) -> Any:
    body = {"is_superuser": True, "current_password": PASSWORD}
    return client.put(f"users/{user.id}/superuser", json=body)


def grant(client: TestClient, user: Account) -> None:
    assign_roles(client, user, make_role(client, "more", tasks=["delete"]))


ENDS: dict[str, Callable[[TestClient, Account], Any]] = {
    "password": lambda c, user: c.patch(
        f"users/{user.id}", json={"password": "another of brass"}
    ),
    "deactivation": lambda c, user: [
        c.patch(f"users/{user.id}", json={"is_active": is_active})
        for is_active in (False, True)
    ],
    "deletion": lambda c, user: c.delete(f"users/{user.id}"),
    "promotion": promote,
    "more permissions": grant,
}


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_link_ends(
    client: TestClient,
    ada: Account,
    make_account: MakeAccount,
    end: Callable[[TestClient, Account], Any],
) -> None:
    manager = make_account("users:update", "products:read")
    token = make_link(client, ada.id, **manager.header)
    end(client, ada)
    assert status_and_code(redeem(client, token)) == INVALID


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"is_active": False}, {"role_ids": []}], ids=str)
def test_a_link_ends_with_its_maker_s_rights(
    client: TestClient, ada: Account, make_account: MakeAccount, change: Any
) -> None:
    manager = make_account("users:update", "products:read")
    token = make_link(client, ada.id, **manager.header)
    assert client.patch(f"users/{manager.id}", json=change).status_code == 200
    assert status_and_code(redeem(client, token)) == INVALID


@pytest.mark.slow
def test_no_link_is_made_for_a_stronger_user(
    client: TestClient, make_account: MakeAccount, read: Read
) -> None:
    manager = make_account("users:update", "products:read")
    stronger = make_account("products:create")
    for user in (stronger.id, ROOT.user_id, manager.id):
        path = f"users/{user}/password-link"
        refused = client.post(path, headers=manager.header)
        assert status_and_code(refused) == (403, "permission_denied")
    assert read(select(col(PasswordLink.user_id))) == []


@pytest.mark.parametrize("path", ["password-link", "keys"])
def test_nothing_is_made_for_an_inactive_user(
    client: TestClient, make_account: MakeAccount, path: str
) -> None:
    user = make_account("products:read", is_active=False)
    body = key_body("products:read") if path == "keys" else None
    refused = client.post(f"users/{user.id}/{path}", json=body)
    assert status_and_code(refused) == (409, "conflict")


def test_only_the_hash_of_a_token_is_stored(
    client: TestClient, ada: Account, read: Read
) -> None:
    token = make_link(client, ada.id)
    assert read(select(col(PasswordLink.token_hash))) == [hash_of(token)]


@pytest.mark.slow
def test_a_rejected_password_keeps_the_link(client: TestClient, ada: Account) -> None:
    token = make_link(client, ada.id)
    for weak in ("short", "password1234", f"{ada.email.partition('@')[0]}", "x\0" * 9):
        assert redeem(client, token, weak).status_code == 422
    assert redeem(client, token).status_code == 204


@pytest.mark.parametrize("text", ["", "x", "bo_link_", "é" * 50, "a" * 200])
def test_another_text_is_no_link(client: TestClient, text: str) -> None:
    assert status_and_code(redeem(client, text)) == INVALID
    assert redeem(client, "a" * 201).status_code == 422


@pytest.mark.slow
def test_guesses_of_links_are_limited(
    client: TestClient, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = attempts.Limit("link", 3, attempts.LINK_LIMIT.window)
    monkeypatch.setattr(attempts, "LINK_LIMIT", few)
    token = make_link(client, ada.id)
    statuses = [redeem(client, new_token()).status_code for _ in range(5)]
    assert statuses == [400, 400, 400, 429, 429]
    assert redeem(client, token).status_code == 429


def test_links_have_https_in_production(url: str, make_account: MakeAccount) -> None:
    settings = make_settings(url, ENVIRONMENT="production", ALLOWED_HOSTS="test")
    root = make_account(is_superuser=True)
    user = make_account()
    with TestClient(create_app(settings), "http://test/api/v1/") as client:
        made = client.post(f"users/{user.id}/password-link", headers=root.header)
    assert made.json()["url"].startswith("https://test/password#bo_link_")
