"""A database that reads but does not write: 503 for writes, and recovery by itself."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import make_url

from app.core.db.outages.states import Outage
from app.main import create_app
from tests.accounts import Account, add_account
from tests.auth.signing import login
from tests.databases import make_settings
from tests.modules.test_products import PEN, make_product
from tests.processes.servers import serving

READ_ONLY = "SET default_transaction_read_only = on"
WRITABLE = "RESET default_transaction_read_only"


def alter(url: str, change: str) -> None:
    """Change the database for new connections. Those that are open stay as they are."""

    async def execute() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"ALTER DATABASE {make_url(url).database} {change}")
        await connection.close()

    asyncio.run(execute())


def writes(client: Any, user: Account, product: str) -> Iterator[Any]:
    yield client.post("products", json=PEN | {"sku": "NEW-A"})
    yield client.patch(product, json={"name": "New"})
    yield client.delete(product)
    yield login(client, user.email)
    yield client.post("auth/refresh", json={"refresh_token": user.refresh_token})
    yield client.post("auth/revoke", json={"refresh_token": user.refresh_token})
    yield client.post("auth/logout")


def readiness(client: Any) -> Any:
    answer = client.get(client.base_url.join("/readyz"))
    assert answer.status_code == 200
    return answer.json()


def check_read_only(client: Any, user: Account, product: str) -> None:
    for answer in writes(client, user, product):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.json()["detail"] == Outage.READ_ONLY
    for path in (product, "products", "auth/me"):
        assert client.get(path).status_code == 200
    ready = readiness(client)
    assert ready["status"] == "degraded"
    assert ready["checks"]["database"] == Outage.READ_ONLY


def test_connections_to_a_standby_are_replaced(url: str, client: TestClient) -> None:
    """After a failover, connections to the old primary only read."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has no server")
    product = make_product(client)
    settings = make_settings(url)
    user = add_account(settings, is_superuser=True)
    alter(url, READ_ONLY)
    app = create_app(settings)
    with TestClient(app, base_url="http://test/api/v1/") as other:
        other.headers.update(user.header)
        check_read_only(other, user, product)
        other.get("products")
        alter(url, WRITABLE)
        # A connection that only reads may be left: the first write discards all.
        other.post("products", json=PEN | {"sku": "NEW-B"})
        assert other.post("products", json=PEN | {"sku": "NEW-C"}).status_code == 201
        assert login(other, user.email).status_code == 200
        app.state.health.database.writes.next_at = 0
        assert readiness(other)["checks"]["database"] == "ok"


def test_the_probe_replaces_the_connections_of_an_idle_process(
    url: str, app: FastAPI, client: TestClient
) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has no server")
    alter(url, READ_ONLY)
    other = create_app(make_settings(url))
    with TestClient(other, base_url="http://test/api/v1/") as second:
        second.headers.update(client.headers)
        assert readiness(second)["status"] == "degraded"
        alter(url, WRITABLE)
        other.state.health.database.writes.next_at = 0
        readiness(second)
        assert second.post("products", json=PEN).status_code == 201


@pytest.mark.slow
@pytest.mark.heavy
def test_a_file_that_cannot_be_written_is_read(url: str, tmp_path: Path) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("A file is SQLite's")
    user = add_account(make_settings(url), is_superuser=True)
    file = Path(url.removeprefix("sqlite:///"))
    command: tuple[str, ...] = (sys.executable, "-m", "app")
    if os.geteuid() == 0:  # whom permissions do not stop
        command = ("setpriv", "--bounding-set=-dac_override", *command)
    with serving(url, tmp_path, command) as server, server.client() as client:
        client.headers.update(user.header)
        product = client.post("products", json=PEN).json()["id"]
    file.chmod(0o444)
    with serving(url, tmp_path, command) as server, server.client() as client:
        client.headers.update(user.header)
        check_read_only(client, user, f"products/{product}")
        file.chmod(0o644)
        client.post("products", json=PEN | {"sku": "NEW-B"})
        again = client.post("products", json=PEN | {"sku": "NEW-C"})
        assert again.status_code == 201
