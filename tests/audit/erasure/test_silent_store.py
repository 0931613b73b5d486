"""Keys in PostgreSQL behind a network that swallows packets, or that are read-only."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.util import greenlet_spawn

from app.audit.personal import postgresql_store
from app.audit.personal.keys import keys_at
from app.audit.personal.postgresql_store import PostgresqlKeyStore, close_engines
from app.core.config import Settings
from tests.audit.erasure.conftest import ADA, history
from tests.clients import Client
from tests.databases import Template, make_settings
from tests.processes.network import Network, network_to


@pytest.fixture
def behind(
    url: str, template: Template, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Network, str]]:
    if url.startswith("sqlite"):
        pytest.skip("Keys of a database of SQLite are in a file")
    monkeypatch.setattr(postgresql_store, "TIMEOUT", 1.0)
    with template.empty() as keys, network_to(keys) as (network, address):
        asyncio.run(create(address))
        yield network, address


@pytest.fixture
def network(behind: tuple[Network, str]) -> Network:
    return behind[0]


@pytest.fixture
def settings(url: str, behind: tuple[Network, str], tmp_path: Path) -> Settings:
    values = {
        "PERSONAL_KEYS_URL": behind[1],
        "AUDIT_SEAL_FILE": str(tmp_path / "seals.txt"),
        # The loader of accesses asks for keys as well: requests would fail meanwhile.
        "AUDIT_ACCESS_MODE": "off",
    }
    return make_settings(url, **values)


@pytest.fixture
def store(settings: Settings) -> PostgresqlKeyStore:
    store = keys_at(settings.PERSONAL_KEYS_URL).store
    assert isinstance(store, PostgresqlKeyStore)
    return store


async def create(url: str) -> None:
    await greenlet_spawn(keys_at(url).store.create)
    await close_engines()


async def refuse_changes(store: PostgresqlKeyStore) -> None:
    refuse = "ALTER TABLE personal_key ADD CHECK (subject IS NULL) NOT VALID"
    await greenlet_spawn(store.execute, text(refuse))


async def open_two(store: PostgresqlKeyStore) -> None:
    async with store.engine.connect(), store.engine.connect():
        pass


def post(client: Client, number: int) -> int:
    body = ADA | {"email": f"{number}@example.com"}
    return client.post("customers", json=body).status_code


def test_one_request_finds_out_that_the_store_is_silent(
    client: Client,
    network: Network,
    store: PostgresqlKeyStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The others would hold the connections to the database until all are in use."""
    monkeypatch.setattr(postgresql_store, "PAUSE", 3_600.0)
    network.is_up = False
    assert post(client, 1) == 503
    network.is_up, opened = True, network.opened
    assert post(client, 2) == 503
    assert network.opened == opened
    monkeypatch.setattr(store, "next_try", 1e-9)  # the pause is over
    assert [post(client, number) for number in (3, 4)] == [201, 201]
    assert store.next_try == 0


def test_one_request_fails_for_connections_that_a_firewall_forgot(
    client: Client,
    network: Network,
    store: PostgresqlKeyStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgresql_store, "PAUSE", 0.0)
    client.call(open_two, store)
    network.forget()
    assert [post(client, number) for number in range(3)] == [503, 201, 201]


def test_a_store_that_refuses_changes_is_still_read(
    client: Client, ada: str, store: PostgresqlKeyStore
) -> None:
    client.call(refuse_changes, store)
    store.next_try = 1e-9  # it did not answer before
    assert post(client, 1) == 503
    assert history(client, ada)[0]["new"]["name"] == "Ada King"
