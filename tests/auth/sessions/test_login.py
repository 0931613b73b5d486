"""Logging in: who gets in, and what the others are told."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col
from structlog.testing import capture_logs

from app.auth.models import User
from app.auth.passwords import hashing
from app.auth.passwords.hashing import passwords
from app.core.config import Settings
from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD, bearer, login, me, sign_in
from tests.auth.tokens.test_access_tokens import listen, running
from tests.conftest import Enter, Read
from tests.databases import make_settings


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the passwords that are verified."""
    verified: list[str] = []
    verify = hashing.verify

    def count(password: str, digest: str) -> hashing.Verdict:
        verified.append(password)
        return verify(password, digest)

    monkeypatch.setattr(hashing, "verify", count)
    return verified


def body(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    found.pop("request_id")
    return found


@pytest.mark.asvs("6.3.1")
def test_right_credentials_give_a_pair(stranger: TestClient, enter: Enter) -> None:
    answer = login(stranger, enter().email)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    pair = answer.json()
    assert pair.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 900)
    assert me(stranger, pair) == 200


@pytest.mark.asvs("6.3.8")
def test_failures_cannot_be_told_apart(
    app: FastAPI, stranger: TestClient, enter: Enter, spy: list[str]
) -> None:
    active, disabled = enter().email, enter(is_active=False).email
    statements = listen(app)
    attempts = (
        ("nobody@example.com", PASSWORD),
        (active, "wrong"),
        (disabled, PASSWORD),
        (disabled, "wrong"),
    )
    answers, said = [], []
    for email, password in attempts:
        answers.append(login(stranger, email, password))
        said.append(tuple(statements))
        statements.clear()
    # Nor by how long they take.
    assert len(set(said)) == 1
    assert {answer.status_code for answer in answers} == {401}
    assert all(body(answer) == body(answers[0]) for answer in answers)
    assert len({str(sorted(a.headers.keys())) for a in answers}) == 1
    assert len(spy) == len(answers)


@pytest.mark.asvs("6.2.8")
def test_a_password_is_taken_as_it_is(stranger: TestClient, enter: Enter) -> None:
    email = enter().email
    for wrong in (f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper(), PASSWORD[:-1]):
        assert login(stranger, email, wrong).status_code == 401


@pytest.mark.parametrize(
    "spelling",
    ["Ada@EXAMPLE.com", "ada@example.com", "\uff21da@example.com", " ada@example.com "],
)
def test_spellings_of_an_address_are_one_account(
    stranger: TestClient, enter: Enter, spelling: str
) -> None:
    enter(email="Ada@example.com")
    assert login(stranger, spelling).status_code == 200


def test_a_composed_and_a_decomposed_name_are_one_account(
    client: TestClient, enter: Enter
) -> None:
    enter(email="rene\u0301@example.com")
    assert login(client, "ren\u00e9@example.com").status_code == 200
    again = {"email": "REN\u00c9@example.com", "full_name": "R", "password": PASSWORD}
    assert client.post("users", json=again).status_code == 409


@pytest.mark.threads
def test_of_two_equal_accounts_one_is_made(client: TestClient) -> None:
    account = {"email": "a@example.com", "full_name": "A", "password": PASSWORD}
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(client.post, "users", json=account) for _ in range(2)]
    assert sorted(call.result().status_code for call in calls) == [201, 409]


@pytest.mark.parametrize("length", [129, 5000])
def test_an_endless_password_is_not_hashed(
    stranger: TestClient, enter: Enter, spy: list[str], length: int
) -> None:
    assert login(stranger, enter().email, "x" * length).status_code == 422
    assert spy == []


NEW = {"email": "lovelace.ada@example.com", "full_name": "Ada"}


@pytest.mark.asvs("6.2.1")
@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("x" * 11, False),
        ("qx" * 6, True),
        ("q🙂" * 64, True),
        ("q🙂" * 65, False),
        ("пароль из двух слов", True),
        ("password1234", False),
        ("PASSWORD1234", False),
        ("lovelace.ada1815", False),
        ("Lovelace_Ada@Example.com", False),
        ("back-office!2026", False),
        ("nul\0in the middle", False),
    ],
)
def test_which_passwords_are_good_enough(
    client: TestClient, password: str, good: bool
) -> None:
    made = client.post("users", json=NEW | {"password": password})
    assert made.status_code == (201 if good else 422), made.text
    assert password not in made.text
    if good:
        assert login(client, NEW["email"], password).status_code == 200


def test_the_settings_say_how_short_a_password_may_be(
    settings: Settings, enter: Enter
) -> None:
    header = enter("users:create").header
    with running(make_settings(settings.DATABASE_URL, PASSWORD_MIN_LENGTH=14)) as app:
        for password, status in (("qx" * 6 + "q", 422), ("qx" * 7, 201)):
            account = NEW | {"password": password}
            made = app.post("users", json=account, headers=header)
            assert made.status_code == status


def test_a_long_password_counts_to_its_last_character(client: TestClient) -> None:
    client.post("users", json=NEW | {"password": "q🙂" * 64})
    for wrong in ("q🙂" * 63 + "qx", "q🙂" * 63 + "q", "q🙂" * 63):
        assert login(client, NEW["email"], wrong).status_code == 401


def test_a_password_is_normalised_once(client: TestClient) -> None:
    composed, decomposed = "caf\u00e9 au lait noir", "cafe\u0301 au lait noir"
    client.post("users", json=NEW | {"password": decomposed})
    assert login(client, NEW["email"], composed).status_code == 200
    assert login(client, NEW["email"], decomposed).status_code == 200
    # Composed, that is; wide letters remain wide.
    assert login(client, NEW["email"], f"\uff43{composed[1:]}").status_code == 401


def change(client: TestClient, pair: Any, current: str, new: str = NEW_PASSWORD) -> Any:
    passwords = {"current_password": current, "new_password": new}
    return client.post("auth/password", json=passwords, headers=bearer(pair))


@pytest.mark.asvs("6.2.3")
def test_a_change_needs_the_current_password(
    stranger: TestClient, enter: Enter
) -> None:
    email = enter().email
    pair, other = sign_in(stranger, email), sign_in(stranger, email)
    refused = change(stranger, pair, "wrong")
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    assert change(stranger, pair, PASSWORD, "short").status_code == 422
    renewed = change(stranger, pair, PASSWORD)
    assert renewed.status_code == 200
    assert [me(stranger, each) for each in (renewed.json(), pair, other)] == [
        200,
        401,
        401,
    ]
    assert login(stranger, email, PASSWORD).status_code == 401
    assert login(stranger, email, NEW_PASSWORD).status_code == 200


@pytest.mark.parametrize("weak", ["short", "password1234", "back-office!2026"])
def test_a_weak_password_is_told_by_its_own_place(
    client: TestClient, enter: Enter, weak: str
) -> None:
    ada = enter()
    for refused, place in (
        (change(client, sign_in(client, ada.email), PASSWORD, weak), "new_password"),
        (client.post("users", json=NEW | {"password": weak}), "password"),
        (client.patch(f"users/{ada.id}", json={"password": weak}), "password"),
    ):
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert error["loc"] == ["body", place]


def test_the_same_password_is_not_a_new_one(client: TestClient, read: Read) -> None:
    """Otherwise whoever has to change it goes on with what somebody gave her."""
    composed, decomposed = "caf\u00e9 au lait noir", "cafe\u0301 au lait noir"
    client.post("users", json=NEW | {"password": composed})
    given = read(select(col(User.password_hash)).order_by(col(User.id)))
    pair = sign_in(client, NEW["email"], composed)
    for spelling in (composed, decomposed):
        refused = change(client, pair, composed, spelling)
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert error["loc"] == ["body", "new_password"]
    held_up = client.get("products", headers=bearer(pair))
    assert held_up.json()["code"] == "password_change_required"
    assert read(select(col(User.password_hash)).order_by(col(User.id))) == given
    assert change(client, pair, "wrong", "wrong").status_code == 403


def test_wrong_current_passwords_count_in_the_throttle(
    stranger: TestClient, enter: Enter
) -> None:
    email = enter().email
    pair = sign_in(stranger, email)
    answers = [change(stranger, pair, "wrong").status_code for _ in range(7)]
    assert answers == [403] * 5 + [429] * 2
    assert login(stranger, email).status_code == 429


def test_a_weak_hash_is_renewed_and_no_session_ends(
    stranger: TestClient, enter: Enter, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "passwords", passwords)
    account = enter()
    email, first = account.email, sign_in(stranger, account.email)
    (digest,) = read(select(col(User.password_hash)).where(col(User.email) == email))
    assert "m=19456,t=2,p=1" in digest
    assert [me(stranger, pair) for pair in (asdict(account), first)] == [200, 200]
    assert login(stranger, email).status_code == 200


def test_a_garbage_hash_lets_nobody_in(stranger: TestClient, enter: Enter) -> None:
    email = enter(password_hash="garbage").email
    with capture_logs() as logs:
        assert login(stranger, email).status_code == 401
    assert "password_hash_unreadable" in [entry["event"] for entry in logs]


@pytest.mark.asvs("6.4.1")
def test_a_given_password_must_be_changed_first(client: TestClient) -> None:
    account = {"email": "a@example.com", "full_name": "A", "password": PASSWORD}
    made = client.post("users", json=account).json()
    assert made["must_change_password"] is True
    pair = sign_in(client, "a@example.com")
    held_up = client.get("auth/sessions", headers=bearer(pair))
    assert held_up.json()["code"] == "password_change_required"
    assert client.get("products", headers=bearer(pair)).status_code == 403
    assert me(client, pair) == 200
    renewed = change(client, pair, PASSWORD).json()
    assert client.get("auth/sessions", headers=bearer(renewed)).status_code == 200
    again = sign_in(client, "a@example.com", NEW_PASSWORD)
    assert client.post("auth/logout", headers=bearer(again)).status_code == 204
