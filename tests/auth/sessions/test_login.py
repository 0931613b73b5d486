"""Login and passwords: verification, errors, policy and changes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col
from structlog.testing import capture_logs

from app.audit.models import AuditChange
from app.auth.models import User
from app.auth.passwords import hashing
from app.auth.passwords.hashing import password_context
from app.core.config import Settings
from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD, bearer, login, me, sign_in
from tests.auth.tokens.test_access_tokens import record_statements, running
from tests.conftest import MakeAccount, Read
from tests.contract import status_and_code
from tests.databases import make_settings

pytestmark = pytest.mark.either


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the passwords that are verified."""
    verified: list[str] = []
    verify = hashing.verify

    def count(password: str, digest: str) -> hashing.VerifyResult:
        verified.append(password)
        return verify(password, digest)

    monkeypatch.setattr(hashing, "verify", count)
    return verified


def body(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    found.pop("request_id")
    return found


@pytest.mark.asvs("6.3.1")
def test_valid_credentials_return_a_token_pair(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    answer = login(anonymous, make_account().email)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    pair = answer.json()
    assert pair.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 900)
    assert me(anonymous, pair) == 200


def test_other_parameters_of_oauth2_are_ignored(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    other = {"resource": "https://api.example.com", "audience": "app", "scope": ""}
    form = {"username": make_account().email, "password": PASSWORD}
    assert anonymous.post("auth/login", data=form | other).status_code == 200


@pytest.mark.either
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_login_is_a_form(anonymous: TestClient, kind: str) -> None:
    body = '{"username": "root@example.com", "password": "x"}'
    sent = anonymous.post("auth/login", content=body, headers={"content-type": kind})
    assert status_and_code(sent) == (415, "unsupported_media_type")
    assert "application/x-www-form-urlencoded" in sent.json()["detail"]


@pytest.mark.slow
@pytest.mark.asvs("6.3.8")
def test_failures_are_indistinguishable(
    app: FastAPI, anonymous: TestClient, make_account: MakeAccount, spy: list[str]
) -> None:
    active, disabled = make_account().email, make_account(is_active=False).email
    statements = record_statements(app)
    attempts = (
        ("unknown@example.com", PASSWORD),
        (active, "wrong"),
        (disabled, PASSWORD),
        (disabled, "wrong"),
    )
    answers, recorded = [], []
    for email, password in attempts:
        answers.append(login(anonymous, email, password))
        recorded.append(tuple(statements))
        statements.clear()
    # Each runs the same statements, so that timing reveals no difference.
    assert len(set(recorded)) == 1
    assert {answer.status_code for answer in answers} == {401}
    assert all(body(answer) == body(answers[0]) for answer in answers)
    assert len({str(sorted(a.headers.keys())) for a in answers}) == 1
    assert len(spy) == len(answers)


@pytest.mark.slow
@pytest.mark.asvs("6.2.8")
def test_a_password_is_compared_exactly(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    email = make_account().email
    for wrong in (f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper(), PASSWORD[:-1]):
        assert login(anonymous, email, wrong).status_code == 401


@pytest.mark.parametrize(
    "spelling",
    ["Ada@EXAMPLE.com", "ada@example.com", "\uff21da@example.com", " ada@example.com "],
)
def test_spellings_of_an_email_are_one_account(
    anonymous: TestClient, make_account: MakeAccount, spelling: str
) -> None:
    make_account(email="Ada@example.com")
    assert login(anonymous, spelling).status_code == 200


SPELLINGS = [
    *("eva@xn--bcher-kva.example.com", "Eva@XN--BCHER-KVA.example.com"),
    *("eva@b\u00fccher.example.com", "EVA@BU\u0308CHER\u3002example.com"),
]


@pytest.mark.slow
@pytest.mark.parametrize("made", SPELLINGS[:3])
def test_a_domain_in_ascii_or_unicode_is_one_account(
    client: TestClient, made: str
) -> None:
    account = {"email": made, "full_name": "Eva", "password": PASSWORD}
    assert client.post("users", json=account).status_code == 201
    assert [login(client, each).status_code for each in SPELLINGS] == [200] * 4
    for spelling in SPELLINGS:
        again = client.post("users", json=account | {"email": spelling})
        assert again.status_code == 409


@pytest.mark.parametrize(
    ("made", "typed", "upper"),
    [
        ("rene\u0301", "ren\u00e9", "REN\u00c9"),
        # Folded to ss, whose second s then takes the mark.
        ("wei\u00df\u0301", "weiss\u0301", "WEISS\u0301"),
        ("\u1fb4\u0301", "\u03ac\u03b9\u0301", "\u0386\u0399\u0301"),
    ],
)
def test_a_composed_and_a_decomposed_name_are_one_account(
    client: TestClient, make_account: MakeAccount, made: str, typed: str, upper: str
) -> None:
    make_account(email=f"{made}@example.com")
    assert login(client, f"{typed}@example.com").status_code == 200
    again = {"email": f"{upper}@example.com", "full_name": "R", "password": PASSWORD}
    assert client.post("users", json=again).status_code == 409


@pytest.mark.threads
def test_of_two_equal_accounts_one_is_created(client: TestClient) -> None:
    account = {"email": "a@example.com", "full_name": "A", "password": PASSWORD}
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(client.post, "users", json=account) for _ in range(2)]
    assert sorted(call.result().status_code for call in calls) == [201, 409]


@pytest.mark.parametrize("length", [129, 5000])
def test_an_overlong_password_is_not_hashed(
    anonymous: TestClient, make_account: MakeAccount, spy: list[str], length: int
) -> None:
    assert login(anonymous, make_account().email, "x" * length).status_code == 422
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
def test_the_password_policy_accepts_or_rejects(
    client: TestClient, password: str, good: bool
) -> None:
    made = client.post("users", json=NEW | {"password": password})
    assert made.status_code == (201 if good else 422), made.text
    assert password not in made.text
    if good:
        assert login(client, NEW["email"], password).status_code == 200


def test_the_minimum_password_length_is_configurable(
    settings: Settings, make_account: MakeAccount
) -> None:
    header = make_account("users:create").header
    with running(make_settings(settings.DATABASE_URL, PASSWORD_MIN_LENGTH=14)) as app:
        for password, status in (("qx" * 6 + "q", 422), ("qx" * 7, 201)):
            account = NEW | {"password": password}
            made = app.post("users", json=account, headers=header)
            assert made.status_code == status


@pytest.mark.slow
def test_a_long_password_is_verified_to_its_last_character(client: TestClient) -> None:
    client.post("users", json=NEW | {"password": "q🙂" * 64})
    for wrong in ("q🙂" * 63 + "qx", "q🙂" * 63 + "q", "q🙂" * 63):
        assert login(client, NEW["email"], wrong).status_code == 401


@pytest.mark.slow
def test_a_password_is_normalised_once(client: TestClient) -> None:
    composed, decomposed = "caf\u00e9 au lait noir", "cafe\u0301 au lait noir"
    client.post("users", json=NEW | {"password": decomposed})
    assert login(client, NEW["email"], composed).status_code == 200
    assert login(client, NEW["email"], decomposed).status_code == 200
    # NFC, not NFKC: full-width letters are kept.
    assert login(client, NEW["email"], f"\uff43{composed[1:]}").status_code == 401


def change(client: TestClient, pair: Any, current: str, new: str = NEW_PASSWORD) -> Any:
    passwords = {"current_password": current, "new_password": new}
    return client.post("auth/password", json=passwords, headers=bearer(pair))


@pytest.mark.slow
@pytest.mark.asvs("6.2.3")
def test_a_change_needs_the_current_password(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    email = make_account().email
    pair, other = sign_in(anonymous, email), sign_in(anonymous, email)
    rejected = change(anonymous, pair, "wrong")
    assert (rejected.status_code, rejected.json()["code"]) == (403, "wrong_password")
    assert change(anonymous, pair, PASSWORD, "short").status_code == 422
    changed = change(anonymous, pair, PASSWORD)
    assert changed.status_code == 200
    assert [me(anonymous, each) for each in (changed.json(), pair, other)] == [
        200,
        401,
        401,
    ]
    assert login(anonymous, email, PASSWORD).status_code == 401
    assert login(anonymous, email, NEW_PASSWORD).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("weak", ["short", "password1234", "back-office!2026"])
def test_the_error_of_a_weak_password_names_its_field(
    client: TestClient, make_account: MakeAccount, weak: str
) -> None:
    ada = make_account()
    for rejected, field in (
        (change(client, sign_in(client, ada.email), PASSWORD, weak), "new_password"),
        (client.post("users", json=NEW | {"password": weak}), "password"),
        (client.patch(f"users/{ada.id}", json={"password": weak}), "password"),
    ):
        assert rejected.status_code == 422
        (error,) = rejected.json()["errors"]
        assert error["loc"] == ["body", field]


@pytest.mark.slow
def test_the_current_password_is_rejected_as_the_new_one(
    client: TestClient, read: Read
) -> None:
    """Otherwise a user could keep the initial password set by an administrator."""
    composed, decomposed = "caf\u00e9 au lait noir", "cafe\u0301 au lait noir"
    client.post("users", json=NEW | {"password": composed})
    given = read(select(col(User.password_hash)).order_by(col(User.id)))
    pair = sign_in(client, NEW["email"], composed)
    for spelling in (composed, decomposed):
        rejected = change(client, pair, composed, spelling)
        assert rejected.status_code == 422
        (error,) = rejected.json()["errors"]
        assert error["loc"] == ["body", "new_password"]
    denied = client.get("products", headers=bearer(pair))
    assert denied.json()["code"] == "password_change_required"
    assert read(select(col(User.password_hash)).order_by(col(User.id))) == given
    assert change(client, pair, "wrong", "wrong").status_code == 403


@pytest.mark.slow
def test_wrong_current_passwords_are_counted_for_the_session(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    email = make_account().email
    pair, other = sign_in(anonymous, email), sign_in(anonymous, email)
    answers = [change(anonymous, pair, "wrong").status_code for _ in range(7)]
    assert answers == [403] * 5 + [429] * 2
    assert login(anonymous, email).status_code == 200
    assert change(anonymous, other, PASSWORD).status_code == 200


@pytest.mark.slow
def test_a_weak_hash_is_upgraded_and_sessions_continue(
    anonymous: TestClient,
    make_account: MakeAccount,
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hashing, "password_context", password_context)
    account = make_account()
    email, first = account.email, sign_in(anonymous, account.email)
    (digest,) = read(select(col(User.password_hash)).where(col(User.email) == email))
    assert "m=19456,t=2,p=1" in digest
    assert [me(anonymous, pair) for pair in (asdict(account), first)] == [200, 200]
    assert login(anonymous, email).status_code == 200
    made = col(AuditChange.entity_id) == account.id, col(AuditChange.action) == "UPDATE"
    assert read(select(col(AuditChange.actor_id)).where(*made)) == [account.id]


def test_an_unreadable_hash_rejects_every_password(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    email = make_account(password_hash="garbage").email
    with capture_logs() as logs:
        assert login(anonymous, email).status_code == 401
    assert "password_hash_unreadable" in [entry["event"] for entry in logs]


@pytest.mark.slow
@pytest.mark.asvs("6.4.1")
def test_an_initial_password_must_be_changed_first(client: TestClient) -> None:
    account = {"email": "a@example.com", "full_name": "A", "password": PASSWORD}
    made = client.post("users", json=account).json()
    assert made["must_change_password"] is True
    pair = sign_in(client, "a@example.com")
    denied = client.get("auth/sessions", headers=bearer(pair))
    assert denied.json()["code"] == "password_change_required"
    assert client.get("products", headers=bearer(pair)).status_code == 403
    assert me(client, pair) == 200
    changed = change(client, pair, PASSWORD).json()
    assert client.get("auth/sessions", headers=bearer(changed)).status_code == 200
    again = sign_in(client, "a@example.com", NEW_PASSWORD)
    assert client.post("auth/logout", headers=bearer(again)).status_code == 204
