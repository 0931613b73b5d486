"""The self-check finds every lie, and is content with the truth."""

import asyncio

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.core.config import Settings
from app.core.db.database import make_engine
from tests.audit.history.test_history import PEN, make
from tests.forked import Done, command
from tests.servers import environment


def check(url: str) -> Done:
    return command(("scripts/check_audit.py",), environment(url))


def tamper(settings: Settings, statement: str) -> None:
    async def run() -> None:
        engine = make_engine(settings)  # the bare database, without our guard
        async with engine.begin() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())


def live(client: TestClient) -> None:
    """Do a little of everything."""
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


def test_the_log_tells_the_truth(client: TestClient, url: str) -> None:
    live(client)
    done = check(url)
    assert (done.code, done.complaint) == (0, "")
    assert "match the change log" in done.output


LIES = [
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


@pytest.mark.parametrize(("statement", "told"), LIES)
def test_a_lie_is_found(
    client: TestClient, settings: Settings, url: str, statement: str, told: str
) -> None:
    live(client)
    tamper(settings, statement)
    done = check(url)
    assert done.code == 1
    assert told in done.output
