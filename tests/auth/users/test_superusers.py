"""Superusers: who makes them, what they may not do, and that one always remains."""

from collections.abc import Callable
from typing import Any

import pytest
from anyio import to_thread
from fastapi.testclient import TestClient

from app.auth.passwords.hashing import Hasher
from app.core.db.ids import uuid7
from tests.accounts import PASSWORD, ROOT, Account
from tests.auth.permissions.test_permissions import permissions
from tests.conftest import Enter
from tests.contract import Json, verdict
from tests.core.db.test_concurrency import at_once

Act = Callable[[TestClient, Account, str], Any]

ROOT_URL = f"users/{ROOT.user_id}"
ALL = [
    f"{module}:{action}"
    for module in ("users", "roles")
    for action in ("create", "update", "delete")
]


def appoint(
    client: TestClient, url: str, is_superuser: bool, password: str = PASSWORD
) -> Any:
    body = {"is_superuser": is_superuser, "current_password": password}
    return client.put(f"{url}/superuser", json=body)


def demote(client: TestClient, actor: Account, victim: str) -> Any:
    body = {"is_superuser": False, "current_password": PASSWORD}
    return client.put(f"{victim}/superuser", json=body, headers=actor.header)


def disable(client: TestClient, actor: Account, victim: str) -> Any:
    return client.patch(victim, json={"is_active": False}, headers=actor.header)


def delete(client: TestClient, actor: Account, victim: str) -> Any:
    return client.delete(victim, headers=actor.header)


def test_a_superuser_is_made_and_unmade(client: TestClient, enter: Enter) -> None:
    ada = enter()
    url = f"users/{ada.id}"
    made = appoint(client, url, True)
    assert (made.status_code, made.json()["is_superuser"]) == (200, True)
    assert client.get("users", headers=ada.header).status_code == 200
    assert "roles:delete" in permissions(client, ada)
    assert appoint(client, url, True).headers["etag"] == made.headers["etag"]
    assert appoint(client, url, False).json()["is_superuser"] is False
    assert client.get("users", headers=ada.header).status_code == 403
    assert permissions(client, ada) == []


@pytest.mark.asvs("7.5.1")
def test_it_takes_the_password_once_more(client: TestClient, enter: Enter) -> None:
    url = f"users/{enter().id}"
    wrong = [appoint(client, url, True, "wrong") for _ in range(5)]
    assert {verdict(each) for each in wrong} == {(403, "wrong_password")}
    assert verdict(appoint(client, url, True)) == (429, "rate_limited")
    assert client.put(f"{url}/superuser", json={"is_superuser": True}).is_client_error
    assert client.get(url).json()["is_superuser"] is False


def test_nobody_else_is_even_asked_for_a_password(
    client: TestClient, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = Hasher.verify

    async def count(hasher: Hasher, password: str, digest: str | None) -> Any:
        verified.append(password)
        return await verify(hasher, password, digest)

    monkeypatch.setattr(Hasher, "verify", count)
    ada = enter(*ALL)
    for victim in (f"users/{ada.id}", ROOT_URL, f"users/{uuid7()}"):
        assert verdict(demote(client, ada, victim)) == (403, "permission_denied")
    assert verified == []


def test_a_superuser_leaves_her_own_account_to_others(
    client: TestClient, enter: Enter
) -> None:
    enter(is_superuser=True)
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
    assert appoint(client, ROOT_URL, False).status_code == 200
    assert client.get("users").status_code == 403


def test_a_superuser_is_bound_by_all_else(client: TestClient, enter: Enter) -> None:
    url = f"users/{enter(email='ada@example.com').id}"
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
def test_a_disabled_superuser_is_nobody(client: TestClient, enter: Enter) -> None:
    chief = enter(is_superuser=True)
    assert client.get("users", headers=chief.header).status_code == 200
    client.patch(f"users/{chief.id}", json={"is_active": False})
    for url in ("users", "auth/me", "products"):
        gone = client.get(url, headers=chief.header)
        assert verdict(gone) == (401, "invalid_token")
    asleep = enter(is_superuser=True, is_active=False)
    assert client.get("users", headers=asleep.header).status_code == 401


@pytest.mark.threads
@pytest.mark.asvs("15.4.2")
def test_whoever_falls_while_her_password_is_checked_promotes_nobody(
    client: TestClient, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    chief, url = enter(is_superuser=True), f"users/{enter().id}"
    verify = Hasher.verify

    async def verify_and_act(hasher: Hasher, password: str, digest: str | None) -> Any:
        found = await verify(hasher, password, digest)
        await to_thread.run_sync(client.delete, f"users/{chief.id}/sessions")
        return found

    monkeypatch.setattr(Hasher, "verify", verify_and_act)
    promotion = {"is_superuser": True, "current_password": PASSWORD}
    late = client.put(f"{url}/superuser", json=promotion, headers=chief.header)
    assert verdict(late) == (401, "invalid_token")
    assert client.get(url).json()["is_superuser"] is False


@pytest.mark.threads
@pytest.mark.asvs("15.4.2")
def test_whoever_is_demoted_while_her_password_is_checked_promotes_nobody(
    client: TestClient, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She may still change users: to make superusers takes more."""
    chief, url = enter("users:update", is_superuser=True), f"users/{enter().id}"
    acts = [lambda: appoint(client, f"users/{chief.id}", False)]
    verify = Hasher.verify

    async def verify_and_act(hasher: Hasher, password: str, digest: str | None) -> Any:
        found = await verify(hasher, password, digest)
        while acts:
            assert (await to_thread.run_sync(acts.pop())).status_code == 200
        return found

    monkeypatch.setattr(Hasher, "verify", verify_and_act)
    promotion = {"is_superuser": True, "current_password": PASSWORD}
    late = client.put(f"{url}/superuser", json=promotion, headers=chief.header)
    assert verdict(late) == (403, "permission_denied")
    assert client.get(url).json()["is_superuser"] is False


@pytest.mark.parametrize("act", [demote, disable, delete])
def test_the_last_active_superuser_remains(
    client: TestClient, enter: Enter, act: Act
) -> None:
    """Disabled ones do not count, and whoever may do anything else does not either."""
    enter(is_superuser=True, is_active=False)
    enter(*ALL)
    last = enter(is_superuser=True)
    assert disable(client, last, ROOT_URL).status_code == 200
    refused = act(client, last, f"users/{last.id}")
    assert verdict(refused) == (409, "conflict")
    assert refused.json()["detail"] == "This is the last active superuser"
    assert client.get("users", headers=last.header).status_code == 200


def test_a_disabled_superuser_may_go(client: TestClient, enter: Enter) -> None:
    one, two = (f"users/{enter(is_superuser=True, is_active=False).id}" for _ in "12")
    assert appoint(client, one, False).status_code == 200
    assert client.delete(two).status_code == 204


@pytest.mark.threads
@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("act", [demote, disable, delete])
def test_two_do_not_unseat_each_other(
    client: TestClient, enter: Enter, act: Act
) -> None:
    survivor = enter(is_superuser=True)
    assert disable(client, survivor, ROOT_URL).status_code == 200
    for _ in range(5):
        pair = (survivor, enter(is_superuser=True))

        def attack(turn: int, pair: tuple[Account, Account] = pair) -> int:
            victim = f"users/{pair[1 - turn].id}"
            status: int = act(client, pair[turn], victim).status_code
            return status

        statuses = at_once(2, attack)
        won = [turn for turn in (0, 1) if statuses[turn] in (200, 204)]
        assert len(won) == 1, statuses
        assert statuses[1 - won[0]] in (401, 403, 409)
        survivor = pair[won[0]]
        query = "users?is_superuser=true&is_active=true"
        (left,) = client.get(query, headers=survivor.header).json()["items"]
        assert left["id"] == str(survivor.id)


@pytest.mark.threads
@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("act", [demote, disable, delete])
def test_three_in_a_circle_do_not_either(
    client: TestClient, enter: Enter, act: Act
) -> None:
    ring = [enter(is_superuser=True) for _ in range(3)]
    assert disable(client, ring[0], ROOT_URL).status_code == 200

    def attack(turn: int) -> int:
        victim = f"users/{ring[turn - 1].id}"
        status: int = act(client, ring[turn], victim).status_code
        return status

    assert set(at_once(3, attack)) <= {200, 204, 401, 403, 409}
    query = "users?is_superuser=true&is_active=true"
    seen = [client.get(query, headers=each.header) for each in ring]
    assert 200 in [each.status_code for each in seen]
