"""Consistency check: differences between the records and the change log."""

import asyncio
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.audit.changes.guard import unaudited
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.engine import make_engine
from app.modules.products.models import Product
from scripts.check_audit import find_inconsistencies
from tests.audit.history.test_history import PEN, make
from tests.processes.forked import Done, command
from tests.processes.servers import environment


def check(url: str) -> Done:
    return command(("scripts/check_audit.py",), environment(url))


def tamper(settings: Settings, statement: str) -> None:
    async def run() -> None:
        engine = make_engine(settings)  # without the guard of the application
        async with engine.begin() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())


def make_changes(client: TestClient) -> None:
    """Create, update, revert, delete and restore a few records."""
    url = make(client, "products", PEN)
    client.patch(url, json={"price": "2.00"})
    client.post(f"{url}/revert", json={"to_version": 1})
    gone = make(client, "products", {**PEN, "sku": "PEN-2"})
    client.delete(gone)
    client.post(f"{gone}/restore")
    client.delete(make(client, "products", {**PEN, "sku": "PEN-3"}))
    role = make(client, "roles", {"name": "clerk", "modules": {"tasks": ["create"]}})
    client.patch(role, json={"modules": {}})
    task = make(client, "tasks", {"title": "T", "due_at": "2026-05-01T12:00:00+05:00"})
    client.patch(task, json={"status": "done"})


@pytest.mark.slow
def test_consistent_records_are_not_reported(client: TestClient, url: str) -> None:
    make_changes(client)
    done = check(url)
    assert (done.code, done.errors) == (0, "")
    assert "match the change log" in done.output


@pytest.mark.anyio
async def test_every_batch_is_compared(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.consistency.repository.BATCH", 2)
    async with database.writing() as session:
        for number in range(5):
            pen = Product(sku=f"PEN-{number}", name="Pen", price=Decimal("1.50"))
            session.add(pen)
            await session.flush()
    async with database.writing() as session:
        with unaudited("a change that the check must find"):
            last = "UPDATE product SET stock = 9 WHERE sku = 'PEN-4'"
            await session.execute(text(last))
    found = [each async for each in find_inconsistencies(database)]
    assert [each.problem.split()[0] for each in found] == ["stock"]


INCONSISTENCIES = [
    ("UPDATE product SET price = 9 WHERE sku = 'PEN-1'", "price is '9.00'"),
    ("UPDATE product SET version = version + 1 WHERE sku = 'PEN-1'", "version is"),
    ("UPDATE user_account SET password_hash = 'x'", "password_hash is"),
    ("DELETE FROM product WHERE sku = 'PEN-2'", "the record is missing"),
    (
        "INSERT INTO customer (id, version, created_at, updated_at, name, email, "
        "email_key, notes, is_active) SELECT id, 1, created_at, updated_at, 'C', 'c', "
        "'c', '', is_active FROM product WHERE sku = 'PEN-1'",
        "the record exists",
    ),
]


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(("statement", "problem"), INCONSISTENCIES)
def test_an_inconsistency_is_reported(
    client: TestClient, settings: Settings, url: str, statement: str, problem: str
) -> None:
    make_changes(client)
    tamper(settings, statement)
    done = check(url)
    assert done.code == 1
    assert problem in done.output


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize(
    ("table", "column"), [("audit_change", "reason"), ("product", "price")]
)
def test_a_renamed_column_is_named(
    client: TestClient, settings: Settings, url: str, table: str, column: str
) -> None:
    make_changes(client)
    tamper(settings, f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
    done = check(url)
    assert done.code == 3
    assert f"{table} has no column {column}, but other" in done.errors
