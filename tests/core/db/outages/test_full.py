"""A database without space: reads are served, and /readyz shows it until a write."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.core.db.database import Database
from app.core.db.outages.states import Outage
from tests.core.db.outages.test_read_only import readiness
from tests.modules.test_products import PEN

UNLIMITED = 2**31 - 2


def limit_pages(database: Database, pages: int) -> None:
    """Limit the size of the database, as a full disk does. Now it is the limit."""
    engine = database.engine.sync_engine

    def limit(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    event.listen(engine, "checkout", limit)


def test_a_full_database_is_shown_until_a_write_succeeds(
    url: str, app: FastAPI, client: TestClient
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("The space of PostgreSQL is that of its disk")
    database = app.state.health.database
    limit_pages(database, 1)  # SQLite takes the current size instead
    pens = (PEN | {"sku": f"FULL-{n}", "name": "x" * 100} for n in range(500))
    answers = (client.post("products", json=pen) for pen in pens)
    refused = next(answer for answer in answers if answer.status_code != 201)
    assert (refused.status_code, refused.json()["detail"]) == (503, Outage.FULL)
    assert client.get("products").status_code == 200
    database.writes.next_at = 0
    assert readiness(client)["checks"]["database"] == Outage.FULL
    limit_pages(database, UNLIMITED)
    assert client.post("products", json=PEN).status_code == 201
    assert readiness(client)["status"] == "ok"
