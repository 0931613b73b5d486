"""Access tokens: forgery, expiry, and the Authorization header."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.auth.components import AuthComponents
from app.core.config import Settings
from app.core.db.ids import uuid7
from app.main import create_app
from tests.accounts import ROOT, Account, add_account
from tests.auth.signing import me
from tests.auth.tokens.attacks import FORGERIES, HEADERS, Forgery, Json, compact_json
from tests.clients import Client
from tests.conftest import ClientWith
from tests.databases import Template, make_settings

pytestmark = pytest.mark.either

CHALLENGE = 'Bearer error="invalid_token"'


@contextmanager
def running(settings: Settings) -> Iterator[TestClient]:
    with Client(create_app(settings), "http://test/api/v1/") as client:
        yield client


@dataclass
class Target:
    """An application, and the claims of a valid access token."""

    client: TestClient
    account: Account
    claims: Json

    @property
    def token(self) -> str:
        return Forgery().of(self.claims)

    def get(self, *values: str, seconds: int = 0, path: str = "auth/me") -> Any:
        """Send a request in the second of issue, or some seconds later."""
        headers = [(b"authorization", value.encode()) for value in values]
        instant = datetime.fromtimestamp(self.claims["iat"] + seconds, UTC)
        with time_machine.travel(instant, tick=False):
            return self.client.get(path, headers=[(b"x-request-id", b"one"), *headers])


@pytest.fixture(scope="module")
def target(template: Template) -> Iterator[Target]:
    """One application for the whole file, since rejected requests change nothing."""
    with template.copy() as url, running(settings := make_settings(url)) as client:
        account = add_account(settings)
        claims = AuthComponents.from_settings(settings).tokens.decode(
            account.access_token
        )
        target = Target(client, account, claims.model_dump(mode="json"))
        assert target.token == account.access_token
        # Ensure that the two base64 alphabets differ in the signature.
        while not {"-", "_"} & set(target.token[-43:]):
            target.claims["jti"] = str(uuid7())
        yield target


def assert_rejected(target: Target, answer: Any, challenge: str = CHALLENGE) -> None:
    """Compare with the response to nonsense: the reason is not revealed."""
    nonsense = target.get("Bearer nonsense")
    assert nonsense.json()["code"] == "invalid_token"
    assert answer.status_code == nonsense.status_code == 401
    assert answer.content == nonsense.content
    assert answer.headers.pop("www-authenticate") == challenge
    assert nonsense.headers.pop("www-authenticate") == CHALLENGE
    assert answer.headers == nonsense.headers


@pytest.mark.asvs("9.1.1")
@pytest.mark.asvs("9.1.2")
@pytest.mark.asvs("9.1.3")
@pytest.mark.asvs("9.2.1")
@pytest.mark.asvs("9.2.2")
@pytest.mark.asvs("9.2.3")
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_rejected(target: Target, name: str) -> None:
    token = FORGERIES[name].of(target.claims)
    assert_rejected(target, target.get(f"Bearer {token}"))


@pytest.mark.asvs("9.2.2")
@pytest.mark.parametrize("header", HEADERS, ids=lambda text: ascii(text)[:75])
def test_a_malformed_authorization_header_is_rejected(
    target: Target, header: str
) -> None:
    text = header.replace("{refresh}", target.account.refresh_token)
    answer = target.get(*text.replace("{}", target.token).split("&"))
    assert_rejected(target, answer)


def test_the_scheme_is_case_insensitive(target: Target) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert target.get(f"{scheme} {target.token}").status_code == 200


def test_an_overlong_token_is_rejected(target: Target) -> None:
    """Blanks in the payload pad a correctly signed token."""
    for blanks, status in ((1, 200), (4_000, 401)):
        padded = Forgery(payload=compact_json(target.claims) + b" " * blanks)
        answer = target.get(f"Bearer {padded.of(target.claims)}")
        assert answer.status_code == status, answer.text


def test_a_token_must_match_the_user_of_its_session(target: Target) -> None:
    for name, value in (("sub", ROOT.user_id), ("sid", ROOT.session_id)):
        mixed = Forgery(claims={name: str(value)}).of(target.claims)
        assert_rejected(target, target.get(f"Bearer {mixed}"))


@pytest.mark.asvs("14.2.1")
def test_a_token_is_read_from_the_authorization_header_only(target: Target) -> None:
    assert_rejected(target, target.get(), "Bearer")
    query = f"auth/me?access_token={target.token}"
    assert_rejected(target, target.get(path=query), "Bearer")
    for header in ("cookie", "proxy-authorization", "x-access-token"):
        values = {header: f"access_token={target.token}", "x-request-id": "one"}
        answer = target.client.get("auth/me", headers=values)
        assert_rejected(target, answer, "Bearer")


@pytest.mark.asvs("9.2.1")
def test_a_token_expires(target: Target) -> None:
    token = f"Bearer {target.token}"
    ages = (0, 899, 900, 10**6)
    statuses = [target.get(token, seconds=age).status_code for age in ages]
    assert statuses == [200, 200, 401, 401]


def test_a_token_of_a_host_whose_clock_is_ahead_is_valid(target: Target) -> None:
    ahead = Forgery(seconds={"iat": 10, "nbf": 10, "exp": 910}).of(target.claims)
    ages = (0, 909, 910, -1)
    statuses = [target.get(f"Bearer {ahead}", seconds=age).status_code for age in ages]
    assert statuses == [200, 200, 401, 401]


def record_statements(app: FastAPI) -> list[str]:
    """Collect the statements that an application executes from now on."""
    engine, statements = app.state.health.database.engine.sync_engine, list[str]()

    @event.listens_for(engine, "before_cursor_execute")
    def record(*call: Any) -> None:
        # The access log is written in the background.
        if "audit_access" not in call[2]:
            statements.append(call[2])

    return statements


def test_user_and_permissions_are_read_in_one_statement(
    app: FastAPI, client_with: ClientWith
) -> None:
    client = client_with("products:update", "tasks:create")
    statements = record_statements(app)
    for method, path, status in (
        ("GET", "permissions", 200),
        ("GET", "customers", 403),
        ("DELETE", f"products/{uuid7()}", 403),
    ):
        statements.clear()
        assert client.request(method, path).status_code == status
        assert len(statements) == 1


def test_a_forged_token_is_rejected_without_a_statement(
    app: FastAPI, anonymous: TestClient
) -> None:
    statements = record_statements(app)
    for token in ("", "nonsense", Forgery(key=b"own").of({"sub": "x"})):
        assert me(anonymous, {"access_token": token}) == 401
    assert statements == []
