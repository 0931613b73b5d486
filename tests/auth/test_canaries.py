"""Secrets go where they are meant to go: into one answer, and nowhere else."""

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
from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD, bearer, login, refresh
from tests.conftest import Enter
from tests.databases import make_settings
from tests.servers import serving

KEY = "canary-of-the-secret-key-" + "k" * 20
WRONG = "canary of a wrong password"
TYPED = "canary-typed@example.com"
GARBAGE = "canary.of.garbage"
JSON = {"content-type": "application/json"}
BREAK = "ALTER TABLE user_account RENAME COLUMN email_key TO lost"
FIXED = {KEY, PASSWORD, NEW_PASSWORD, WRONG, TYPED, GARBAGE}


@pytest.fixture
def settings(url: str) -> Settings:
    # Not even whoever asks for every detail is told these.
    return make_settings(url, SECRET_KEY=KEY, LOG_LEVEL="DEBUG")


def dump(settings: Settings) -> str:
    """Return all rows of all tables, and what is still on its way there."""

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
    """Return what of a pair must not be seen: the whole, and what makes it work."""
    access, renewal = pair["access_token"], pair["refresh_token"]
    _, secret, _, seal = renewal.split(".")
    return {access, access.rpartition(".")[2], renewal, secret, seal}


def found(secrets: set[str], place: str) -> list[str]:
    return [secret for secret in secrets if secret in place]


class Life:
    """Everything that somebody may do with passwords and tokens, right and wrong."""

    def __init__(self, client: Any, email: str, log: Callable[[], str]) -> None:
        self.client, self.email, self.log = client, email, log
        self.secrets = set(FIXED)

    def live(self) -> None:
        pair = self.carry(login(self.client, self.email))
        pair = self.carry(refresh(self.client, pair))
        change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        changed = self.client.post("auth/password", json=change, headers=bearer(pair))
        pair = self.carry(changed)
        for answer in self.mistakes(pair):
            assert 400 <= answer.status_code < 500
            assert found(self.secrets, f"{answer.headers} {answer.text}") == []
        assert self.client.post("auth/logout", headers=bearer(pair)).status_code == 204

    def carry(self, answer: Any) -> dict[str, Any]:
        """Take the new pair of an answer, if it has nothing else to hide."""
        assert answer.status_code == 200, answer.text
        pair: dict[str, Any] = answer.json()
        shown = f"{answer.headers} {answer.text}"
        assert found(self.secrets - parts(pair), shown) == []
        assert found(parts(pair), str(answer.headers)) == []
        self.secrets |= parts(pair)
        return pair

    def mistakes(self, pair: dict[str, Any]) -> Iterator[Any]:
        client, header = self.client, bearer(pair)
        yield login(client, TYPED, WRONG)
        yield login(client, self.email, WRONG)
        yield login(client, self.email, WRONG * 10)
        yield client.post("auth/login", json={"username": TYPED, "password": WRONG})
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
def life(settings: Settings, enter: Enter) -> Iterator[Life]:
    # The client's own log, which shows addresses, is none of our business.
    logging.getLogger("httpx2").setLevel(logging.ERROR)
    with redirect_stdout(StringIO()) as log:
        app = create_app(settings)
    with TestClient(
        app, "http://test/api/v1/", raise_server_exceptions=False
    ) as client:
        yield Life(client, enter().email, log.getvalue)


@pytest.mark.asvs("16.2.5")
def test_a_life_leaves_no_secret_behind(life: Life, settings: Settings) -> None:
    life.live()
    assert life.log().count("login_failed") == 2
    assert found(life.secrets, life.log()) == []
    assert found(life.secrets, dump(settings)) == []


def crash(*_: object) -> Any:
    raise ZeroDivisionError


@pytest.mark.asvs("16.5.1")
def test_a_crash_shows_no_secret(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    client = life.client
    pair = life.carry(login(client, life.email))
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    monkeypatch.setattr(hashing, "verify", crash)
    monkeypatch.setattr(service, "issue_token_pair", crash)
    answers = [
        login(client, life.email),
        refresh(client, pair),
        client.post("auth/password", json=body, headers=bearer(pair)),
    ]
    assert [answer.status_code for answer in answers] == [500] * 3
    assert life.log().count("request_crashed") == 3
    shown = "".join(f"{answer.headers} {answer.text}" for answer in answers)
    assert found(life.secrets, life.log() + shown) == []


def test_a_broken_table_shows_nothing(life: Life, settings: Settings) -> None:
    execute(settings, BREAK)
    assert login(life.client, TYPED, WRONG).status_code == 500
    assert "request_crashed" in life.log()
    assert found(life.secrets, life.log()) == []


def test_production_keeps_its_secrets_too(
    url: str, tmp_path: Path, enter: Enter
) -> None:
    with serving(url, tmp_path, SECRET_KEY=KEY, ENVIRONMENT="production") as server:
        client: Any = httpx2.Client(base_url=f"{server.base_url}/api/v1/")
        life = Life(client, enter().email, server.log.read_text)
        life.live()
        execute(make_settings(url), BREAK)
        assert login(client, TYPED, WRONG).status_code == 500
        client.close()
        assert server.stop() == 0
    lines = map(json.loads, life.log().splitlines())
    assert "request_crashed" in {line["event"] for line in lines}
    assert found(life.secrets, life.log()) == []
