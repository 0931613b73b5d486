"""Faults of the store of the keys: replaced, damaged and locked files."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.audit.archive.seals.cursor import START
from app.audit.feed.feed import Feed
from app.audit.personal import sqlite_file
from app.audit.personal.keys import keys_at
from app.core.db.sqlite.busy import retry_while_busy
from tests.audit.erasure.conftest import ADA, Commands, history
from tests.audit.feed.conftest import Header, api, root, running  # noqa: F401  fixtures
from tests.processes.locks import locked
from tests.processes.servers import TIMEOUT

BOB = ADA | {"name": "Bob", "email": "bob@example.com"}


def test_a_file_that_was_replaced_is_not_used(
    client: TestClient, commands: Commands, ada: str, tmp_path: Path
) -> None:
    """No other process would see the keys in the former file."""
    keys_at(f"sqlite:///{tmp_path}/other.db").store.create()
    Path(commands.keys).rename(tmp_path / "former.db")
    assert client.post("customers", json=BOB).status_code == 503
    Path(tmp_path / "other.db").rename(commands.keys)
    assert client.post("customers", json=BOB).status_code == 503
    assert client.get(f"customers/{ada}/history").status_code == 503
    (tmp_path / "former.db").rename(commands.keys)
    assert client.post("customers", json=BOB).status_code == 201


def test_no_key_is_used_that_the_store_lacks(
    client: TestClient, commands: Commands, ada: str
) -> None:
    """As in a store that was restored: spare keys in memory are of the former one."""
    change(commands, "DELETE FROM personal_key WHERE subject IS NULL")
    assert client.post("customers", json=BOB).status_code == 503
    bob = client.post("customers", json=BOB).json()["id"]
    assert history(client, bob)[0]["new"]["name"] == "Bob"
    assert history(client, ada)[0]["new"]["name"] == "Ada King"
    assert client.get("customers").json()["total"] == 2


def change(commands: Commands, statement: str) -> None:
    with closing(sqlite3.connect(commands.keys)) as keys, keys:
        keys.execute(statement)


@pytest.mark.parametrize("damage", ["'zz'", "substr(key, 3)", "'ä'", "x'ff'", "7"])
def test_a_damaged_key_is_missing(
    client: TestClient, commands: Commands, ada: str, damage: str
) -> None:
    used = f"UPDATE personal_key SET key = {damage} WHERE subject NOTNULL"  # noqa: S608
    change(commands, used)
    assert history(client, ada)[0]["new"]["name"] == "[key missing]"
    client.patch(f"customers/{ada}", json={"name": "Ada"}).raise_for_status()
    assert history(client, ada)[0]["new"]["name"] == "Ada"
    assert {"not compared" in it for it in commands.findings()} == {True}


@pytest.mark.anyio
async def test_the_feed_waits_for_the_keys(
    running: FastAPI,  # noqa: F811
    api: httpx2.AsyncClient,  # noqa: F811
    commands: Commands,
) -> None:
    (await api.post("customers", json=ADA)).raise_for_status()
    feed: Feed = running.state.feed
    feed.reader.recent.clear(START)
    Path(commands.keys).rename(f"{commands.keys}.away")
    with structlog.testing.capture_logs() as lines:
        await feed.reader.try_to_read()
    Path(f"{commands.keys}.away").rename(commands.keys)
    found = {"event": "feed_not_read", "reason": "KeysUnavailableException"}
    assert found | {"log_level": "warning"} in lines
    await feed.reader.try_to_read()
    assert feed.reader.recent.complete > START


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set as soon as a request waits for the store."""
    waits = asyncio.Event()

    async def notice(*arguments: Any) -> Any:
        waits.set()
        return await retry_while_busy(*arguments)

    monkeypatch.setattr(sqlite_file, "retry_while_busy", notice)
    return waits


@pytest.mark.anyio
async def test_others_are_served_while_the_store_is_locked(
    running: FastAPI,  # noqa: F811
    api: httpx2.AsyncClient,  # noqa: F811
    root: Header,  # noqa: F811
    commands: Commands,
    waits: asyncio.Event,
) -> None:
    with locked(commands.settings.PERSONAL_KEYS_URL, "personal_key") as release:
        waiting = asyncio.create_task(api.post("customers", json=ADA))
        async with asyncio.timeout(TIMEOUT):
            await waits.wait()
        assert (await api.get("customers")).json()["total"] == 0
        assert not waiting.done()
        release.set()
        assert (await waiting).status_code == 201


def test_a_locked_store_is_waited_for_once(
    client: TestClient, commands: Commands, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite all other changes wait meanwhile, those of products and logins, too."""
    waits: list[float] = []

    async def give_up(call: Any, timeout: float) -> Any:
        waits.append(timeout)
        return await retry_while_busy(call, 0)

    monkeypatch.setattr(sqlite_file, "retry_while_busy", give_up)
    body = {"name": "Ada"}
    with locked(commands.settings.PERSONAL_KEYS_URL, "personal_key"):
        for _ in range(3):
            made = client.post("customers", json=BOB)
            assert made.status_code == 503
        assert client.patch(f"customers/{ada}", json=body).status_code == 200
    assert waits == [sqlite_file.TIMEOUT, sqlite_file.BRIEF, sqlite_file.BRIEF]
    assert client.post("customers", json=BOB).status_code == 201
