"""Values that look as if they were encrypted, and rows that SQL has damaged."""

import json
import sqlite3
from base64 import b64encode
from contextlib import closing

import pytest
from fastapi.testclient import TestClient

from app.audit.archive.canonical import Row
from app.audit.archive.logs import CHANGES
from app.audit.export.repository import ExportRepository
from app.core.db.database import Database
from tests.audit.erasure.conftest import Commands

LIKE_ONE = "encrypted:" + b64encode(bytes(range(48))).decode()
PEN = {"sku": "PEN", "name": LIKE_ONE, "price": "1.00", "stock": 1}


@pytest.mark.slow
def test_a_text_like_an_encrypted_one_is_shown_and_restored(
    client: TestClient, ada: str, commands: Commands
) -> None:
    id = client.post("products", json=PEN).json()["id"]
    client.patch(f"products/{id}", json={"name": "Pen"}).raise_for_status()
    client.patch(f"customers/{ada}", json={"name": LIKE_ONE}).raise_for_status()
    client.patch(f"customers/{ada}", json={"name": "Ada"}).raise_for_status()
    for path, version in ((f"products/{id}", 1), (f"customers/{ada}", 3)):
        shown = client.get(f"{path}/history").json()["items"]
        assert shown[0]["old"]["name"] == LIKE_ONE
        reverted = client.post(f"{path}/revert", json={"to_version": version})
        assert reverted.json()["name"] == LIKE_ONE
        client.delete(path).raise_for_status()
        assert client.post(f"{path}/restore").json()["name"] == LIKE_ONE
    assert commands.findings() == []


def test_a_row_without_a_readable_record_is_shown(
    client: TestClient, ada: str, url: str
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL checks the type")
    new = json.dumps({"name": LIKE_ONE})
    damage(url, "entity_id = 'no id', new = ?", new)
    items = client.get("audit/changes").json()["items"]
    assert items[0]["new"]["name"] == "Ada King"
    assert items[1]["new"]["name"] == LIKE_ONE


def test_an_export_has_all_rows_as_they_are_stored(
    client: TestClient, ada: str, url: str, commands: Commands
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL checks the type")
    damage(url, "transaction_id = ?", "no number")

    async def read(database: Database) -> list[Row]:
        async with database.reading() as session:
            found = ExportRepository(session, CHANGES, (None, None))
            return await found.read_unordered()

    (row,) = commands.run(read)
    assert row["new"]["name"].startswith("encrypted:")


def damage(url: str, values: str, *given: str) -> None:
    """Change the first version of the customers in the log."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other, other:
        other.execute("DROP TRIGGER audit_change_no_UPDATE")
        change = f"UPDATE audit_change SET {values}"  # noqa: S608
        other.execute(f"{change} WHERE entity = 'Customer' AND version = 1", given)
