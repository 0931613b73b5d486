"""A network that swallows packets: each answer has a deadline, and the pool recovers.

PostgreSQL's own time-outs do not help, as its errors do not arrive either.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.outages import stuck
from app.core.db.outages.states import Outage, outage_of
from app.main import create_app, open_database
from app.modules.products.models import Product
from tests.accounts import root_header
from tests.databases import PATIENCE, make_settings
from tests.modules.test_products import PEN
from tests.processes.network import Network, network_to
from tests.processes.servers import wait_until

pytestmark = pytest.mark.anyio
TIMEOUT = 0.5  # seconds, of the server
# A connection to be had, a statement that the server should end, and a busy machine.
LIMIT = 2 * TIMEOUT + PATIENCE

Behind = tuple[Network, Settings]


@pytest.fixture
def behind(url: str) -> Iterator[Behind]:
    if url.startswith("sqlite"):
        pytest.skip("No network leads to SQLite")
    with network_to(url) as (network, address):
        yield network, make_settings(address, DATABASE_TIMEOUT=TIMEOUT)


@pytest.fixture
def remote(behind: Behind) -> Iterator[TestClient]:
    _, settings = behind
    with TestClient(create_app(settings), "http://test/api/v1/") as client:
        client.headers.update(root_header(settings))
        yield client


def requests(client: TestClient) -> Iterator[Callable[[], Any]]:
    yield lambda: client.get("products")
    yield lambda: client.post("products", json=PEN)
    yield lambda: client.get("http://test/readyz")


def test_requests_are_answered_while_the_network_is_down(
    behind: Behind, remote: TestClient
) -> None:
    network, _ = behind
    wait_until(lambda: remote.get("products").is_success, "There is no connection")
    network.is_up = False
    for send in requests(remote):
        started = time.monotonic()
        assert send().status_code == 503
        assert time.monotonic() - started < LIMIT
    network.is_up = True
    network.forget()
    wait_until(lambda: remote.get("http://test/readyz").is_success, "It is not ready")
    wait_until(lambda: remote.post("products", json=PEN).is_success, "No pen")


def test_one_request_at_most_fails_for_connections_that_a_firewall_forgot(
    behind: Behind, remote: TestClient
) -> None:
    network, _ = behind
    assert remote.get("products").status_code == 200
    network.forget()
    statuses = [remote.get("products").status_code for _ in range(3)]
    assert statuses == [503, 200, 200]


def test_no_request_fails_for_connections_that_were_idle(
    behind: Behind, remote: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, _ = behind
    assert remote.get("products").status_code == 200
    monkeypatch.setattr(stuck, "IDLE", 0.0)
    network.forget()
    assert remote.post("products", json=PEN).status_code == 201
    assert remote.get("products").status_code == 200


@asynccontextmanager
async def one_connection(settings: Settings) -> AsyncIterator[Database]:
    async with open_database(settings) as database:
        yield database
        pool: Any = database.engine.sync_engine.pool
        assert pool.checkedout() == 0


async def query(database: Database, network: Network) -> None:
    async with database.writing() as session:
        await session.scalars(select(Product))
        network.forget()
        await session.scalars(select(Product))


async def commit(database: Database, network: Network) -> None:
    async with database.writing() as session:
        await session.scalars(select(Product))
        network.forget()


async def begin(database: Database, network: Network) -> None:
    async with database.writing() as session:
        await session.scalars(select(Product))
    network.forget()
    async with database.writing() as session:
        await session.scalars(select(Product))


async def roll_back(database: Database, network: Network) -> None:
    async with database.writing() as session:
        await session.scalars(select(Product))
        network.forget()
        raise TimeoutError


async def connect(database: Database, network: Network) -> None:
    network.is_up = False
    async with database.writing() as session:
        await session.scalars(select(Product))


async def read(database: Database, network: Network) -> None:
    async with database.reading() as session:
        await session.rows(select(Product.__table__))
        network.forget()
        await session.rows(select(Product.__table__))


@pytest.mark.parametrize("wait", [query, commit, begin, roll_back, connect, read])
async def test_each_wait_for_the_driver_has_a_deadline(
    behind: Behind, wait: Callable[[Database, Network], Awaitable[None]]
) -> None:
    network, settings = behind
    async with one_connection(settings) as database:
        async with asyncio.timeout(LIMIT) as limit:
            with pytest.raises((SQLAlchemyError, OSError)) as caught:
                await wait(database, network)
        assert not limit.expired()
        assert outage_of(caught.value) is Outage.AWAY
        network.is_up = True
        async with database.writing() as session:
            await session.scalars(select(Product))


async def test_the_end_of_the_application_waits_for_no_server(behind: Behind) -> None:
    network, settings = behind
    async with asyncio.timeout(LIMIT) as limit, open_database(settings) as database:
        async with database.writing() as one, database.reading() as other:
            await one.scalars(select(Product))
            await other.rows(select(Product.__table__))
        network.is_up = False
    assert not limit.expired()
