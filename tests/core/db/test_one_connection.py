"""Requests that hold a connection need no second one, which others may hold.

As many of them as the pool has connections would wait for each other, and all others
for them.
"""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.auth.keys.key_text import new_key
from app.core.config import Settings
from tests.auth.keys.keys import with_key
from tests.collections.files.files import PEN, as_csv, send
from tests.databases import make_settings

KEY = {"idempotency-key": "one"}
BULK = {"items": [{"op": "create", "data": PEN}]}
Request = Callable[[TestClient], Any]


def guess(client: TestClient) -> Any:
    return client.get("products", headers=with_key(new_key()))


def guess_and_write(client: TestClient) -> Any:
    return client.post("products", json=PEN, headers=with_key(new_key()))


def create(client: TestClient) -> Any:
    return client.post("products", json=PEN, headers=KEY)


def bulk(client: TestClient) -> Any:
    return client.post("products/bulk", json=BULK, headers=KEY)


def bring_in(client: TestClient) -> Any:
    client.headers.update(KEY)
    return send(client, as_csv([PEN]))


def try_to_bring_in(client: TestClient) -> Any:
    client.headers.update(KEY)
    return send(client, as_csv([PEN]), "dry_run=true")


def bring_in_batches(client: TestClient) -> Any:
    return send(client, as_csv([PEN]), "atomic=false&key=sku")


def export(client: TestClient) -> Any:
    return client.get("products/export?as_of=2026-01-01T00:00:00Z")


def search_the_past(client: TestClient) -> Any:
    return client.get("products?q=pen&as_of=2026-01-01T00:00:00Z")


@pytest.fixture
def settings(url: str) -> Settings:
    if url.startswith("sqlite"):
        pytest.skip("On SQLite, reads have connections of their own, without a limit")
    return make_settings(url, DATABASE_POOL_SIZE=1)


@pytest.mark.parametrize(
    ("request_to", "status"),
    [
        (guess, 401),
        (guess_and_write, 401),
        (create, 201),
        (bulk, 200),
        (bring_in, 200),
        (try_to_bring_in, 200),
        (bring_in_batches, 200),
        (export, 200),
        (search_the_past, 200),
    ],
)
def test_one_connection_is_enough(
    client: TestClient, request_to: Request, status: int
) -> None:
    answer = request_to(client)
    assert answer.status_code == status, answer.text
