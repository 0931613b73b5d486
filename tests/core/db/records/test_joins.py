"""Joins of records and the ORM: one transaction, one object for each row."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError, PendingRollbackError

from app.audit.models import AuditChange
from app.auth.models import Role
from app.core.db.database import Database
from app.core.db.records.session import WritingSession
from app.core.db.session import DatabaseSession
from app.core.exceptions import ConflictException, ValidationFailedException
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from app.modules.tasks.repository import TaskRepository
from tests.audit.changes.models import BOB
from tests.modules.test_products import PEN as PENCIL

pytestmark = pytest.mark.anyio
PEN: dict[str, Any] = {"sku": "PEN-001", "name": "Pen", "price": Decimal(1)}
TABLE: Any = Product.__table__
CHANGES: Any = AuditChange.__table__  # type: ignore[attr-defined]


def statements(database: Database) -> list[str]:
    """Return the list of BEGINs and COMMITs, in which later ones appear."""
    found: list[str] = []
    engine = database.engine.sync_engine
    for name in ("begin", "commit", "rollback"):
        event.listen(engine, name, lambda _, name=name: found.append(name))
    return found


async def make_pen(database: Database, **values: Any) -> Any:
    async with database.writing() as session:
        pen = await ProductRepository(session).create(PEN | values)
    return pen.id


async def names(database: Database) -> list[str]:
    async with database.reading() as session:
        query = select(TABLE.c.name).order_by(TABLE.c.name)
        return [row["name"] for row in await session.rows(query)]


async def test_an_orm_session_continues_the_transaction(database: Database) -> None:
    ended = statements(database)
    async with database.writing() as session:
        pen = await ProductRepository(session).create(PEN)
        assert not session.has_orm_session
        assert await session.get(Product, pen.id) is pen
        session.add(Role(name="Clerk"))
    assert ended == ["begin", "commit"]
    async with database.reading() as session:
        times = await session.rows(
            select(CHANGES.c.at).where(CHANGES.c.entity != "User")
        )
    assert len(times) == 2
    assert len({row["at"] for row in times}) == 1


async def test_each_statement_of_records_is_announced_once(database: Database) -> None:
    heard: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def note(_: Any, __: Any, sql: str, *___: Any) -> None:
        heard.extend(sql.split()[2:3] if sql.startswith("INSERT") else [])

    await make_pen(database)
    assert heard == ["product", "audit_change"]


async def test_an_orm_session_sees_what_records_have_changed(
    database: Database,
) -> None:
    id = await make_pen(database)
    async with database.writing() as session:
        products = ProductRepository(session)
        pen = await products.get_for_update(id)
        await products.update(pen, {"name": "Pencil"})
        found = await session.scalars(select(Product))
        assert found.one() is pen
        assert (pen.name, pen.version) == ("Pencil", 2)
        await products.update(pen, {"name": "Crayon"})
    assert (await names(database), pen.version) == (["Crayon"], 3)


async def test_an_orm_session_flushes_what_records_have_not(
    database: Database,
) -> None:
    changed, deleted = [await make_pen(database, sku=f"PEN-{n}") for n in "12"]
    async with database.writing() as session:
        products = ProductRepository(session)
        (await products.get_for_update(changed)).name = "Pencil"
        await session.delete(await products.get_for_update(deleted))
        session.add(Product(**PEN))
        found = await session.scalars(select(TABLE.c.name))
        assert sorted(found) == ["Pen", "Pencil"]
    assert await names(database) == ["Pen", "Pencil"]


async def test_records_see_what_an_orm_session_has_changed(database: Database) -> None:
    id = await make_pen(database)
    async with database.writing() as session:
        orm = await session.get(Product, id)
        assert orm
        orm.name = "Pencil"
        products = ProductRepository(session)
        pen = await products.get_for_update(id)
        assert pen is orm
        assert pen.name == "Pencil"
        await products.update(pen, {"name": "Crayon"})
    assert await names(database) == ["Crayon"]


async def test_a_savepoint_keeps_what_records_have_written(database: Database) -> None:
    async with database.writing() as session:
        products = ProductRepository(session)
        pen = await products.create(PEN)
        savepoint = await session.begin_nested()
        await products.update(pen, {"name": "Pencil"})
        await savepoint.rollback()
    assert await names(database) == ["Pen"]


async def test_a_connection_returns_to_the_pool_when_an_orm_session_commits(
    database: Database,
) -> None:
    pool: Any = database.engine.sync_engine.pool
    async with database.writing() as session:
        pen = await ProductRepository(session).create(PEN)
        await session.get(Product, pen.id)
        assert pool.checkedout() == 1
        await session.commit()
        assert pool.checkedout() == 0
        await ProductRepository(session).update(pen, {"name": "Pencil"})
    assert pool.checkedout() == 0
    assert await names(database) == ["Pencil"]


@pytest.mark.parametrize("way", ["records", "orm"])
async def test_a_failed_flush_leaves_nothing_to_commit(
    database: Database, way: str
) -> None:
    await make_pen(database)
    with pytest.raises(PendingRollbackError):
        await go_on_after_a_failure(database, way)
    assert await names(database) == ["Pen"]


@pytest.mark.parametrize("way", ["records", "orm"])
async def test_a_session_is_usable_after_a_rollback(
    database: Database, way: str
) -> None:
    async with database.writing() as session:
        await use(session, way)
        tasks = TaskRepository(session)
        with pytest.raises(ValidationFailedException):
            await tasks.create({"title": "Call", "customer_id": BOB})
        await ProductRepository(session).create(PEN)
        with pytest.raises(ConflictException):
            await ProductRepository(session).create(PEN)
        await session.rollback()
        await ProductRepository(session).create(PEN | {"name": "Pencil"})
    assert await names(database) == ["Pencil"]


@pytest.mark.parametrize("way", ["records", "orm"])
async def test_a_cancelled_write_is_rolled_back(database: Database, way: str) -> None:
    pool: Any = database.engine.sync_engine.pool

    async def write() -> None:
        async with database.writing() as session:
            await use(session, way)
            await ProductRepository(session).create(PEN)
            waiting.set()
            await asyncio.sleep(60)

    waiting = asyncio.Event()
    task = asyncio.create_task(write())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pool.checkedout() == 0
    assert await names(database) == []


async def test_a_writer_that_gives_up_a_lock_leaves_the_pool_intact(
    database: Database,
) -> None:
    """A client that hangs up cancels the statement that waits for the row."""
    id = await make_pen(database)
    pool: Any = database.engine.sync_engine.pool
    async with database.writing() as session:
        pen = await ProductRepository(session).get_for_update(id)
        task = asyncio.create_task(rename(database, id))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ProductRepository(session).update(pen, {"name": "First"})
    await rename(database, id)
    assert pool.checkedout() == 0
    assert await names(database) == ["Second"]


def test_requests_on_records_open_no_orm_session(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: WritingSession) -> None:
        raise AssertionError("An ORM session was opened")

    monkeypatch.setattr(WritingSession, "open_orm_session", refuse)
    pen = client.post("products", json=PENCIL).json()
    path = f"products/{pen['id']}"
    assert client.patch(path, json={"name": "New"}).status_code == 200
    assert client.post(f"{path}/revert", json={"to_version": 1}).status_code == 200
    assert client.delete(path).status_code == 204
    assert client.post(f"{path}/restore", json={}).status_code in (200, 201)
    task = {"title": "Call", "customer_id": str(BOB)}
    assert client.post("tasks", json=task).status_code == 422


async def rename(database: Database, id: Any) -> None:
    async with database.writing() as session:
        products = ProductRepository(session)
        await products.update(await products.get_for_update(id), {"name": "Second"})


async def go_on_after_a_failure(database: Database, way: str) -> None:
    async with database.writing() as session:
        await use(session, way)
        session.add_all([Product(**PEN | {"sku": "NEW"}), Product(**PEN)])
        with pytest.raises(IntegrityError):
            await session.flush()
        await session.value(select(func.count()).select_from(TABLE))


async def use(session: DatabaseSession, way: str) -> None:
    if way == "orm":
        await session.connection()
