"""The logs are append-only: triggers reject updates and deletions."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.audit.models import AuditPruning
from app.core.config import Settings
from app.core.db.engine import make_engine

pytestmark = pytest.mark.anyio
LOGS = ("audit_change", "audit_access")
ATTACKS = (
    "UPDATE {log} SET request_id = 'forged'",
    "DELETE FROM {log}",
    "REPLACE INTO {log} SELECT * FROM {log}",
    "INSERT INTO {log} SELECT * FROM {log} "
    "ON CONFLICT (id) DO UPDATE SET request_id = 'forged'",
    "TRUNCATE {log}",
)
ACCESS = """
INSERT INTO audit_access
    (id, at, request_id, ip, method, path, query, duration_ms, bytes, outcome)
VALUES ('{id}', '2026-11-23 12:00:00', 'kept', '::1', 'GET', '/', '', 1, 0, 'answered')
"""
CHANGE = """
INSERT INTO audit_change (id, at, request_id, action, entity)
VALUES ('{id}', '2026-11-23 12:00:00', 'kept', 'INSERT', 'Book')
"""
ID = "01900000000070008000000000000000"


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Yield an engine without the guard of the application."""
    engine = make_engine(settings)
    async with engine.begin() as connection:
        await connection.execute(text(ACCESS.format(id=ID)))
        await connection.execute(text(CHANGE.format(id=ID)))
    yield engine
    await engine.dispose()


async def kept(engine: AsyncEngine, log: str) -> bool:
    query = text(f"SELECT count(*) FROM {log} WHERE request_id = 'kept'")  # noqa: S608
    async with engine.connect() as connection:
        return bool(await connection.scalar(query) == 1)


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_log_row_cannot_be_changed_or_deleted(
    engine: AsyncEngine, log: str, attack: str
) -> None:
    # An access that is inserted again is left out.
    is_repeated = log == "audit_access" and attack.startswith("REPLACE")
    with suppress(DBAPIError) if is_repeated else pytest.raises(DBAPIError):
        async with engine.begin() as connection:
            await connection.execute(text(attack.format(log=log)))
    assert await kept(engine, log)


@pytest.mark.parametrize("log", LOGS)
async def test_a_program_of_its_own_cannot_replace_a_row(
    engine: AsyncEngine, log: str
) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("only SQLite has REPLACE")
    insert = {"audit_access": ACCESS, "audit_change": CHANGE}[log].format(id=ID)
    forged = insert.replace("INSERT INTO", "REPLACE INTO").replace("kept", "forged")
    other = sqlite3.connect(str(engine.url.database))
    with closing(other), suppress(sqlite3.IntegrityError), other:
        other.execute(forged)
    assert await kept(engine, log)


@pytest.mark.parametrize("log", LOGS)
async def test_only_a_pruning_transaction_may_delete_rows(
    engine: AsyncEngine, log: str
) -> None:
    prune = text(f"DELETE FROM {log} WHERE request_id = 'kept'")  # noqa: S608
    async with engine.begin() as connection:
        await connection.execute(insert(AuditPruning))
        with pytest.raises(DBAPIError):
            async with connection.begin_nested():
                await connection.execute(text(ATTACKS[0].format(log=log)))
        await connection.execute(prune)
        await connection.execute(text("DELETE FROM audit_pruning"))
    assert not await kept(engine, log)


PARTITION = "SELECT tableoid::regclass::text FROM audit_access"


@pytest.mark.parametrize("attack", [ATTACKS[0], ATTACKS[1], ATTACKS[4]])
async def test_a_row_cannot_be_deleted_from_its_partition(
    engine: AsyncEngine, attack: str
) -> None:
    """The triggers of the table do not fire for statements on a partition."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no partitions")
    async with engine.connect() as connection:
        partition = await connection.scalar(text(PARTITION))
    assert partition != "audit_access"
    with pytest.raises(DBAPIError, match="can only be added to"):
        async with engine.begin() as connection:
            await connection.execute(text(attack.format(log=partition)))
    assert await kept(engine, "audit_access")
