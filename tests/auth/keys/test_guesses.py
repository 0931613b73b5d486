"""Guessed keys are counted; a valid key is never locked out."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col
from structlog.testing import capture_logs

from app.auth.keys import guesses
from app.auth.keys.key_text import new_key
from app.auth.models import LoginThrottle
from app.auth.passwords.attempts import Limit
from tests.accounts import Account
from tests.auth.keys.keys import make_key, with_key
from tests.auth.tokens.test_access_tokens import record_statements
from tests.conftest import MakeAccount, Read
from tests.contract import status_and_code


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = guesses.KEY_LIMIT
    few = Limit(limit.name, 3, limit.window)
    monkeypatch.setattr(guesses, "KEY_LIMIT", few)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.usefixtures("few")
def test_guesses_are_limited_and_valid_keys_are_not(
    client: TestClient, make_account: MakeAccount, method: str
) -> None:
    key = make_key(client, make_account("products:read"), "products:read")

    def guess() -> Any:
        return client.request(method, "products", json={}, headers=with_key(new_key()))

    assert [guess().status_code for _ in range(3)] == [401] * 3
    blocked = guess()
    assert status_and_code(blocked) == (429, "rate_limited")
    assert 0 < int(blocked.headers["retry-after"]) <= 3600
    assert client.get("products", headers=with_key(key)).status_code == 200


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_a_blocked_guess_writes_nothing(app: FastAPI, client: TestClient) -> None:
    for _ in range(3):
        client.get("products", headers=with_key(new_key()))
    statements = record_statements(app)
    assert client.get("products", headers=with_key(new_key())).status_code == 429
    assert all(each.lstrip().startswith("SELECT") for each in statements)


def test_a_guess_is_logged_without_the_key(client: TestClient) -> None:
    key = new_key()
    with capture_logs() as logs:
        client.get("products", headers=with_key(key))
    assert [each["event"] for each in logs] == ["key_refused", "request"]
    assert key[12:] not in str(logs)


def test_clients_of_an_unknown_address_are_not_counted(
    client: TestClient, read: Read
) -> None:
    transport: Any = client._transport
    transport.inner.client = ("unix", 0)
    assert client.get("products", headers=with_key(new_key())).status_code == 401
    assert read(select(col(LoginThrottle.key))) == []


def test_a_revoked_key_is_a_guess(
    client: TestClient, make_account: MakeAccount, read: Read
) -> None:
    ada: Account = make_account("products:read")
    key = make_key(client, ada, "products:read")
    client.delete(f"auth/keys/{key['id']}", headers=ada.header)
    assert client.get("products", headers=with_key(key)).status_code == 401
    assert read(select(col(LoginThrottle.failures))) == [1]
