"""Secrets appear in one response, and not in logs, tables or other responses."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlmodel import SQLModel

from app.audit.changes.guard import unaudited
from app.auth.passwords import hashing
from app.auth.sessions import login_service as service
from app.core.config import Settings
from app.main import create_app, open_database
from tests.accounts import PASSWORD, root_header
from tests.auth.keys.keys import key_body, with_key
from tests.auth.signing import NEW_PASSWORD, bearer, login, me, refresh, revoke
from tests.conftest import MakeAccount
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT, serving

pytestmark = pytest.mark.slow

KEY = "canary-of-the-secret-key-" + "k" * 20
WRONG = "canary of a wrong password"
TYPED_EMAIL = "canary-typed@example.com"
GARBAGE = "canary.of.garbage"
JSON = {"content-type": "application/json"}
BREAK_TABLE = "ALTER TABLE user_account RENAME COLUMN email_key TO lost"
FIXED = {KEY, PASSWORD, NEW_PASSWORD, WRONG, TYPED_EMAIL, GARBAGE}


@pytest.fixture
def settings(url: str) -> Settings:
    # The debug log must not contain secrets either.
    return make_settings(url, SECRET_KEY=KEY, LOG_LEVEL="DEBUG")


def dump(settings: Settings) -> str:
    """Return all rows of all tables, and the spooled ones."""

    async def read() -> str:
        async with open_database(settings) as database, database.reading() as session:
            tables = SQLModel.metadata.sorted_tables
            rows = [(await session.execute(select(table))).all() for table in tables]
            return repr(rows)

    spool = Path(settings.AUDIT_SPOOL_DIR).rglob("*.jsonl")
    return "".join([asyncio.run(read()), *(path.read_text() for path in spool)])


def execute(settings: Settings, statement: str) -> None:
    async def run() -> None:
        async with open_database(settings) as database, database.writing() as session:
            with unaudited("a test breaks a table"):
                await session.execute(text(statement))

    asyncio.run(run())


def parts(pair: dict[str, Any]) -> set[str]:
    """Return the secrets of a pair: the tokens, their signatures and the secret."""
    access, renewal = pair["access_token"], pair["refresh_token"]
    _, secret, _, mac = renewal.split(".")
    return {access, access.rpartition(".")[2], renewal, secret, mac}


def found(secrets: set[str], place: str) -> list[str]:
    return [secret for secret in secrets if secret in place]


class Usage:
    """Valid and invalid requests with passwords and tokens."""

    def __init__(self, client: Any, email: str, log: Callable[[], str]) -> None:
        self.client, self.email, self.log = client, email, log
        self.secrets = set(FIXED)

    def run(self) -> None:
        pair = self.accept_pair(login(self.client, self.email))
        pair = self.accept_pair(refresh(self.client, pair))
        change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        changed = self.client.post("auth/password", json=change, headers=bearer(pair))
        pair = self.accept_pair(changed)
        self.use_credentials(pair)
        for answer in self.invalid_requests(pair):
            assert 400 <= answer.status_code < 500
            assert found(self.secrets, f"{answer.headers} {answer.text}") == []
        assert revoke(self.client, {"refresh_token": GARBAGE}) == 204
        assert revoke(self.client, pair) == 204
        assert me(self.client, pair) == 401

    def use_credentials(self, pair: dict[str, Any]) -> None:
        """Use an API key and a password link, and send them where they don't belong."""
        client = self.client
        # Made now: it would expire before the end of a long run of the suite.
        root = root_header(make_settings("sqlite:///", SECRET_KEY=KEY))
        me = client.get("auth/me", headers=bearer(pair)).json()["id"]
        made = client.post("auth/keys", json=key_body("tasks:read"), headers=root)
        key = made.json()["key"]
        linked = client.post(f"users/{me}/password-link", headers=root).json()["url"]
        secrets = {key, key.split("_")[2], token := linked.partition("#")[2]}
        assert found(self.secrets, f"{made.text} {linked}") == []
        self.secrets |= secrets
        assert client.get("tasks", headers=with_key(key)).status_code == 200
        body = {"token": token, "new_password": "short"}
        answers = [
            client.post("auth/logout", headers=with_key(key)),
            client.get(f"tasks/{key}?q={key}", headers=bearer(pair)),
            client.get(f"{token}", headers={"user-agent": token}),
            client.post("auth/password-link/redeem", json=body),
            client.post("auth/password-link/redeem", json=body | {"token": [token]}),
        ]
        for answer in answers:
            assert 400 <= answer.status_code < 500
            assert found(self.secrets - secrets, answer.text) == []

    def accept_pair(self, answer: Any) -> dict[str, Any]:
        """Return the pair of a response that contains no other secret."""
        assert answer.status_code == 200, answer.text
        pair: dict[str, Any] = answer.json()
        visible = f"{answer.headers} {answer.text}"
        assert found(self.secrets - parts(pair), visible) == []
        assert found(parts(pair), str(answer.headers)) == []
        self.secrets |= parts(pair)
        return pair

    def invalid_requests(self, pair: dict[str, Any]) -> Iterator[Any]:
        client, header = self.client, bearer(pair)
        yield login(client, TYPED_EMAIL, WRONG)
        yield login(client, self.email, WRONG)
        yield login(client, self.email, WRONG * 10)
        yield client.post(
            "auth/login", json={"username": TYPED_EMAIL, "password": WRONG}
        )
        yield client.post("auth/refresh", json={"refresh_token": [GARBAGE]})
        yield client.post("auth/refresh", json={"refresh_token": GARBAGE})
        yield client.post("auth/refresh", content=GARBAGE, headers=JSON)
        yield client.get(f"auth/me?access_token={pair['access_token']}")
        yield client.get("auth/me", headers={"authorization": f"Bearer {GARBAGE}"})
        yield client.get("auth/sessions", params={"token": GARBAGE}, headers=header)
        body = {"current_password": WRONG, "new_password": NEW_PASSWORD}
        yield client.post("auth/password", json=body, headers=header)
        yield client.post("auth/password", json=body | {"x": GARBAGE}, headers=header)
        weak = body | {"current_password": NEW_PASSWORD, "new_password": "canary"}
        yield client.post("auth/password", json=weak, headers=header)


@pytest.fixture
def usage(settings: Settings, make_account: MakeAccount) -> Iterator[Usage]:
    # The test client logs URLs, which may contain secrets.
    logging.getLogger("httpx2").setLevel(logging.ERROR)
    with redirect_stdout(StringIO()) as log:
        app = create_app(settings)
    with TestClient(
        app, "http://test/api/v1/", raise_server_exceptions=False
    ) as client:
        yield Usage(client, make_account().email, log.getvalue)


@pytest.mark.asvs("16.2.5")
def test_ordinary_use_stores_and_logs_no_secret(
    usage: Usage, settings: Settings
) -> None:
    usage.run()
    assert usage.log().count("login_failed") == 2
    assert found(usage.secrets, usage.log()) == []
    assert found(usage.secrets, dump(settings)) == []


def crash(*_: object) -> Any:
    raise ZeroDivisionError


@pytest.mark.asvs("16.5.1")
def test_a_crash_reveals_no_secret(
    usage: Usage, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = usage.client
    pair = usage.accept_pair(login(client, usage.email))
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    monkeypatch.setattr(hashing, "verify", crash)
    monkeypatch.setattr(service, "issue_token_pair", crash)
    answers = [
        login(client, usage.email),
        refresh(client, pair),
        client.post("auth/password", json=body, headers=bearer(pair)),
    ]
    assert [answer.status_code for answer in answers] == [500] * 3
    assert usage.log().count("request_crashed") == 3
    visible = "".join(f"{answer.headers} {answer.text}" for answer in answers)
    assert found(usage.secrets, usage.log() + visible) == []


def test_a_database_error_reveals_no_secret(usage: Usage, settings: Settings) -> None:
    execute(settings, BREAK_TABLE)
    assert login(usage.client, TYPED_EMAIL, WRONG).status_code == 500
    assert "request_crashed" in usage.log()
    assert found(usage.secrets, usage.log()) == []


def test_production_reveals_no_secret(
    url: str, tmp_path: Path, make_account: MakeAccount
) -> None:
    with serving(url, tmp_path, SECRET_KEY=KEY, ENVIRONMENT="production") as server:
        base = f"{server.base_url}/api/v1/"
        client: Any = httpx2.Client(base_url=base, timeout=TIMEOUT)
        usage = Usage(client, make_account().email, server.log.read_text)
        usage.run()
        execute(make_settings(url), BREAK_TABLE)
        assert login(client, TYPED_EMAIL, WRONG).status_code == 500
        client.close()
        assert server.stop() == 0
    lines = map(json.loads, usage.log().splitlines())
    assert "request_crashed" in {line["event"] for line in lines}
    assert found(usage.secrets, usage.log()) == []
