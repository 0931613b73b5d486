"""Superusers: promotion, limits, and the last active one."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from anyio import to_thread
from fastapi.testclient import TestClient

from app.auth.exceptions import LastSuperuserException
from app.auth.passwords.hashing import Hasher
from app.auth.users.repository import UserRepository
from app.core.db.ids import uuid7
from tests.accounts import PASSWORD, ROOT, Account
from tests.auth.permissions.test_permissions import get_permissions
from tests.conftest import MakeAccount
from tests.contract import Json, status_and_code
from tests.core.db.test_concurrency import at_once
from tests.processes.locks import locking_in_turn

pytestmark = pytest.mark.either

Act = Callable[[TestClient, Account, str], Any]

CHANGE = "UPDATE user_account SET version = version + 1,"
ROOT_URL = f"users/{ROOT.user_id}"
ALL = [
    f"{module}:{action}"
    for module in ("users", "roles")
    for action in ("create", "update", "delete")
]


def set_superuser(
    client: TestClient, url: str, is_superuser: bool, password: str = PASSWORD
) -> Any:
    body = {"is_superuser": is_superuser, "current_password": password}
    return client.put(f"{url}/superuser", json=body)


def demote(client: TestClient, actor: Account, target: str) -> Any:
    body = {"is_superuser": False, "current_password": PASSWORD}
    return client.put(f"{target}/superuser", json=body, headers=actor.header)


def disable(client: TestClient, actor: Account, target: str) -> Any:
    return client.patch(target, json={"is_active": False}, headers=actor.header)


def delete(client: TestClient, actor: Account, target: str) -> Any:
    return client.delete(target, headers=actor.header)


@pytest.mark.slow
def test_a_user_is_promoted_and_demoted(
    client: TestClient, make_account: MakeAccount
) -> None:
    ada = make_account()
    url = f"users/{ada.id}"
    made = set_superuser(client, url, True)
    assert (made.status_code, made.json()["is_superuser"]) == (200, True)
    assert client.get("users", headers=ada.header).status_code == 200
    assert "roles:delete" in get_permissions(client, ada)
    assert set_superuser(client, url, True).headers["etag"] == made.headers["etag"]
    assert set_superuser(client, url, False).json()["is_superuser"] is False
    assert client.get("users", headers=ada.header).status_code == 403
    assert get_permissions(client, ada) == []


@pytest.mark.slow
@pytest.mark.asvs("7.5.1")
def test_a_promotion_requires_the_password(
    client: TestClient, make_account: MakeAccount
) -> None:
    url = f"users/{make_account().id}"
    wrong = [set_superuser(client, url, True, "wrong") for _ in range(5)]
    assert {status_and_code(each) for each in wrong} == {(403, "wrong_password")}
    assert status_and_code(set_superuser(client, url, True)) == (429, "rate_limited")
    assert client.put(f"{url}/superuser", json={"is_superuser": True}).is_client_error
    assert client.get(url).json()["is_superuser"] is False


def test_the_permission_is_checked_before_the_password(
    client: TestClient, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = Hasher.verify

    async def count(hasher: Hasher, password: str, digest: str | None) -> Any:
        verified.append(password)
        return await verify(hasher, password, digest)

    monkeypatch.setattr(Hasher, "verify", count)
    ada = make_account(*ALL)
    for target in (f"users/{ada.id}", ROOT_URL, f"users/{uuid7()}"):
        assert status_and_code(demote(client, ada, target)) == (
            403,
            "permission_denied",
        )
    assert verified == []


def test_a_superuser_cannot_disable_or_reset_their_own_account(
    client: TestClient, make_account: MakeAccount
) -> None:
    make_account(is_superuser=True)
    before = client.get(ROOT_URL).json()
    own: tuple[Json, ...] = (
        {"is_active": False},
        {"role_ids": []},
        {"password": PASSWORD},
    )
    for body in own:
        assert client.patch(ROOT_URL, json=body).status_code == 403
    assert client.get(ROOT_URL).json() == before
    assert client.patch(ROOT_URL, json={"full_name": "Root"}).status_code == 200
    assert set_superuser(client, ROOT_URL, False).status_code == 200
    assert client.get("users").status_code == 403


def test_validation_and_preconditions_apply_to_superusers(
    client: TestClient, make_account: MakeAccount
) -> None:
    url = f"users/{make_account(email='ada@example.com').id}"
    seen = {"if-match": '"7"'}
    taken = {"email": "root@example.com"}
    answers = {
        404: client.patch(f"users/{uuid7()}", json={}),
        409: client.patch(url, json=taken),
        412: client.patch(url, json={"full_name": "A"}, headers=seen),
        415: client.patch(url, content=b"{}", headers={"content-type": "text/plain"}),
        422: client.patch(url, json={"full_name": ""}),
    }
    assert {each.status_code for each in answers.values()} == answers.keys()
    assert [s for s, answer in answers.items() if answer.status_code != s] == []
    for method, place in (("DELETE", url), ("DELETE", f"{url}/sessions")):
        assert client.request(method, place, headers=seen).status_code == 412
    promotion = {"is_superuser": True, "current_password": PASSWORD}
    stale = client.put(f"{url}/superuser", json=promotion, headers=seen)
    assert stale.status_code == 412


@pytest.mark.asvs("7.4.2")
def test_a_disabled_superuser_is_rejected(
    client: TestClient, make_account: MakeAccount
) -> None:
    superuser = make_account(is_superuser=True)
    assert client.get("users", headers=superuser.header).status_code == 200
    client.patch(f"users/{superuser.id}", json={"is_active": False})
    for url in ("users", "auth/me", "products"):
        response = client.get(url, headers=superuser.header)
        assert status_and_code(response) == (401, "invalid_token")
    inactive = make_account(is_superuser=True, is_active=False)
    assert client.get("users", headers=inactive.header).status_code == 401


@pytest.mark.threads
@pytest.mark.asvs("15.4.2")
def test_a_superuser_signed_out_during_verification_cannot_promote(
    client: TestClient, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    superuser, url = make_account(is_superuser=True), f"users/{make_account().id}"
    verify = Hasher.verify

    async def verify_and_act(hasher: Hasher, password: str, digest: str | None) -> Any:
        found = await verify(hasher, password, digest)
        await to_thread.run_sync(client.delete, f"users/{superuser.id}/sessions")
        return found

    monkeypatch.setattr(Hasher, "verify", verify_and_act)
    promotion = {"is_superuser": True, "current_password": PASSWORD}
    response = client.put(f"{url}/superuser", json=promotion, headers=superuser.header)
    assert status_and_code(response) == (401, "invalid_token")
    assert client.get(url).json()["is_superuser"] is False


@pytest.mark.slow
@pytest.mark.threads
@pytest.mark.asvs("15.4.2")
def test_a_superuser_demoted_during_verification_cannot_promote(
    client: TestClient, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demoted user still has users:update, which is not sufficient."""
    superuser, url = (
        make_account("users:update", is_superuser=True),
        f"users/{make_account().id}",
    )
    acts = [lambda: set_superuser(client, f"users/{superuser.id}", False)]
    verify = Hasher.verify

    async def verify_and_act(hasher: Hasher, password: str, digest: str | None) -> Any:
        found = await verify(hasher, password, digest)
        while acts:
            assert (await to_thread.run_sync(acts.pop())).status_code == 200
        return found

    monkeypatch.setattr(Hasher, "verify", verify_and_act)
    promotion = {"is_superuser": True, "current_password": PASSWORD}
    response = client.put(f"{url}/superuser", json=promotion, headers=superuser.header)
    assert status_and_code(response) == (403, "permission_denied")
    assert client.get(url).json()["is_superuser"] is False


@pytest.mark.parametrize("act", [demote, disable, delete])
def test_the_last_active_superuser_cannot_be_removed(
    client: TestClient, make_account: MakeAccount, act: Act
) -> None:
    """Neither a disabled superuser nor a user with all permissions replaces them."""
    make_account(is_superuser=True, is_active=False)
    make_account(*ALL)
    last = make_account(is_superuser=True)
    assert disable(client, last, ROOT_URL).status_code == 200
    rejected = act(client, last, f"users/{last.id}")
    assert status_and_code(rejected) == (409, "conflict")
    assert rejected.json()["detail"] == LastSuperuserException().detail
    fields = [error["loc"][-1] for error in rejected.json().get("errors", [])]
    names: dict[Act, list[str]] = {demote: ["is_superuser"], disable: ["is_active"]}
    assert fields == names.get(act, [])
    assert client.get("users", headers=last.header).status_code == 200


def test_a_disabled_superuser_can_be_demoted_or_deleted(
    client: TestClient, make_account: MakeAccount
) -> None:
    one, two = (
        f"users/{make_account(is_superuser=True, is_active=False).id}" for _ in "12"
    )
    assert set_superuser(client, one, False).status_code == 200
    assert client.delete(two).status_code == 204


@pytest.mark.slow
@pytest.mark.threads
@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("act", [demote, disable, delete])
def test_two_superusers_cannot_remove_each_other(
    client: TestClient, make_account: MakeAccount, act: Act
) -> None:
    remaining = make_account(is_superuser=True)
    assert disable(client, remaining, ROOT_URL).status_code == 200
    for _ in range(5):
        pair = (remaining, make_account(is_superuser=True))

        def attack(turn: int, pair: tuple[Account, Account] = pair) -> int:
            target = f"users/{pair[1 - turn].id}"
            status: int = act(client, pair[turn], target).status_code
            return status

        statuses = at_once(2, attack)
        won = [turn for turn in (0, 1) if statuses[turn] in (200, 204)]
        assert len(won) == 1, statuses
        assert statuses[1 - won[0]] in (401, 403, 409)
        remaining = pair[won[0]]
        query = "users?is_superuser=true&is_active=true"
        (left,) = client.get(query, headers=remaining.header).json()["items"]
        assert left["id"] == str(remaining.id)


@pytest.mark.slow
@pytest.mark.threads
@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("act", [demote, disable, delete])
def test_three_superusers_cannot_all_remove_each_other(
    client: TestClient, make_account: MakeAccount, act: Act
) -> None:
    superusers = [make_account(is_superuser=True) for _ in range(3)]
    assert disable(client, superusers[0], ROOT_URL).status_code == 200

    def attack(turn: int) -> int:
        target = f"users/{superusers[turn - 1].id}"
        status: int = act(client, superusers[turn], target).status_code
        return status

    assert set(at_once(3, attack)) <= {200, 204, 401, 403, 409}
    query = "users?is_superuser=true&is_active=true"
    seen = [client.get(query, headers=each.header) for each in superusers]
    assert 200 in [each.status_code for each in seen]


def on_postgresql(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")


def test_a_user_who_becomes_the_last_superuser_meanwhile_stays(
    url: str,
    client: TestClient,
    make_account: MakeAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_postgresql(url)
    ada = make_account("users:delete")
    is_superuser = UserRepository.is_superuser

    async def then_promote(users: UserRepository, id: UUID) -> bool:
        found = await is_superuser(users, id)
        other = await asyncpg.connect(url)
        await other.execute(f"{CHANGE} is_superuser = (id = $1)", ada.id)
        await other.close()
        return found

    monkeypatch.setattr(UserRepository, "is_superuser", then_promote)
    rejected = client.delete(f"users/{ada.id}", headers=ada.header)
    assert status_and_code(rejected) == (409, "conflict")
    assert client.get("users", headers=ada.header).status_code == 200


def test_a_disabled_superuser_is_locked_in_the_order_of_the_others(
    url: str, client: TestClient, make_account: MakeAccount
) -> None:
    """Else it deadlocks with a change of a role that two superusers have."""
    on_postgresql(url)
    disabled = make_account(is_superuser=True, is_active=False)
    other = make_account(is_superuser=True)
    rows = [("user_account", each.id) for each in (disabled, other)]
    with locking_in_turn(url, *rows):
        named = client.patch(f"users/{disabled.id}", json={"full_name": "Ada"})
    assert named.status_code == 200, named.text
