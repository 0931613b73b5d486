"""The bearer token: only our own is taken, whole, in time, and from one place."""

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
from tests.auth.tokens.attacks import FORGERIES, HEADERS, Forgery, Json, plain
from tests.clients import Client
from tests.conftest import Allow
from tests.databases import Template, make_settings

CHALLENGE = 'Bearer error="invalid_token"'


@contextmanager
def running(settings: Settings) -> Iterator[TestClient]:
    with Client(create_app(settings), "http://test/api/v1/") as client:
        yield client


@dataclass
class Target:
    """An application, and what a good access token for it says."""

    client: TestClient
    account: Account
    claims: Json

    @property
    def token(self) -> str:
        return Forgery().of(self.claims)

    def ask(self, *values: str, seconds: int = 0, path: str = "auth/me") -> Any:
        """Ask in the very second of the token, or some seconds later."""
        headers = [(b"authorization", value.encode()) for value in values]
        instant = datetime.fromtimestamp(self.claims["iat"] + seconds, UTC)
        with time_machine.travel(instant, tick=False):
            return self.client.get(path, headers=[(b"x-request-id", b"one"), *headers])


@pytest.fixture(scope="module")
def target(template: Template) -> Iterator[Target]:
    """One for all: whoever is refused changes nothing."""
    with template.copy() as url, running(settings := make_settings(url)) as client:
        account = add_account(settings)
        claims = AuthComponents.of(settings).tokens.decode(account.access_token)
        target = Target(client, account, claims.model_dump(mode="json"))
        assert target.token == account.access_token
        # The two alphabets of base64 should differ in the signature.
        while not {"-", "_"} & set(target.token[-43:]):
            target.claims["jti"] = str(uuid7())
        yield target


def assert_refused(target: Target, answer: Any, challenge: str = CHALLENGE) -> None:
    """Compare with the answer to plain nonsense: nobody learns what was wrong."""
    nonsense = target.ask("Bearer nonsense")
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
def test_a_forged_token_is_refused(target: Target, name: str) -> None:
    token = FORGERIES[name].of(target.claims)
    assert_refused(target, target.ask(f"Bearer {token}"))


@pytest.mark.asvs("9.2.2")
@pytest.mark.parametrize("header", HEADERS, ids=lambda text: ascii(text)[:75])
def test_a_strange_header_is_refused(target: Target, header: str) -> None:
    text = header.replace("{refresh}", target.account.refresh_token)
    answer = target.ask(*text.replace("{}", target.token).split("&"))
    assert_refused(target, answer)


def test_the_scheme_has_no_case(target: Target) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert target.ask(f"{scheme} {target.token}").status_code == 200


def test_a_token_is_no_longer_than_ours_are(target: Target) -> None:
    """Whoever has the key may pad a token with blanks, which say nothing."""
    for blanks, status in ((1, 200), (4_000, 401)):
        padded = Forgery(payload=plain(target.claims) + b" " * blanks)
        answer = target.ask(f"Bearer {padded.of(target.claims)}")
        assert answer.status_code == status, answer.text


def test_a_token_speaks_for_the_user_of_its_session(target: Target) -> None:
    for name, value in (("sub", ROOT.user_id), ("sid", ROOT.session_id)):
        mixed = Forgery(claims={name: str(value)}).of(target.claims)
        assert_refused(target, target.ask(f"Bearer {mixed}"))


@pytest.mark.asvs("14.2.1")
def test_no_other_place_is_searched_for_a_token(target: Target) -> None:
    assert_refused(target, target.ask(), "Bearer")
    query = f"auth/me?access_token={target.token}"
    assert_refused(target, target.ask(path=query), "Bearer")
    for header in ("cookie", "proxy-authorization", "x-access-token"):
        values = {header: f"access_token={target.token}", "x-request-id": "one"}
        answer = target.client.get("auth/me", headers=values)
        assert_refused(target, answer, "Bearer")


@pytest.mark.asvs("9.2.1")
def test_a_token_that_was_good_grows_old(target: Target) -> None:
    token = f"Bearer {target.token}"
    ages = (0, 899, 900, 10**6, -1)
    statuses = [target.ask(token, seconds=age).status_code for age in ages]
    assert statuses == [200, 200, 401, 401, 401]


def listen(app: FastAPI) -> list[str]:
    """Collect what a running application asks of its database from now on."""
    engine, said = app.state.health.database.engine.sync_engine, list[str]()

    @event.listens_for(engine, "before_cursor_execute")
    def hear(*call: Any) -> None:
        # Accesses are written in the background, whenever that may be.
        if "audit_access" not in call[2]:
            said.append(call[2])

    return said


def test_who_asks_and_what_she_may_is_one_statement(app: FastAPI, allow: Allow) -> None:
    client = allow("products:update", "tasks:create")
    statements = listen(app)
    for method, path, status in (
        ("GET", "permissions", 200),
        ("GET", "customers", 403),
        ("DELETE", f"products/{uuid7()}", 403),
    ):
        statements.clear()
        assert client.request(method, path).status_code == status
        assert len(statements) == 1


def test_a_forgery_costs_no_statement(app: FastAPI, stranger: TestClient) -> None:
    statements = listen(app)
    for token in ("", "nonsense", Forgery(key=b"own").of({"sub": "x"})):
        assert me(stranger, {"access_token": token}) == 401
    assert statements == []
