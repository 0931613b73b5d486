"""A file of SQLite that is deleted or replaced under a running application."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.modules.test_products import PEN, make_product


@pytest.fixture
def file(url: str) -> Path:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's files are its own")
    return Path(url.removeprefix("sqlite:///"))


def back_up(file: Path) -> Path:
    """Return a copy of the database as it is now."""
    copy = file.with_name(f"{file.name}.copy")
    source, target = sqlite3.connect(file), sqlite3.connect(copy)
    source.backup(target)
    target.close()
    source.close()
    return copy


def delete(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def test_a_deleted_file_is_an_outage(client: TestClient, file: Path) -> None:
    make_product(client)
    backup = back_up(file)
    assert client.get("products").json()["total"] == 1
    delete(file)
    for answer in (
        client.get("products"),
        client.post("products", json=PEN | {"sku": "NEW-1"}),
        client.get("http://test/readyz"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert not file.exists()  # nor is it created
    shutil.copy(backup, file)
    assert client.get("http://test/readyz").status_code == 200
    assert client.post("products", json=PEN | {"sku": "NEW-2"}).status_code == 201


def test_a_replaced_file_is_opened(client: TestClient, file: Path) -> None:
    backup = back_up(file)
    make_product(client)
    assert client.get("products").json()["total"] == 1
    delete(file)
    backup.replace(file)
    assert client.get("products").json()["total"] == 0
    assert client.post("products", json=PEN).status_code == 201
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM product").fetchone() == (1,)
    connection.close()
