"""Database sessions: statements per request, read-only sessions and timeouts."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError

from app.core.db.database import Database
from app.core.db.driver.limits import MIGRATION_LIMITS
from app.core.db.driver.read_only import ReadOnlyError
from app.core.db.engine import with_driver
from app.main import create_app, open_database
from app.modules.products.models import Product
from tests.databases import make_settings
from tests.modules.test_products import PEN, make_product
from tests.processes.locks import locked
from tests.processes.servers import wait_until

pytestmark = pytest.mark.anyio


def record_statements(database: Database) -> list[str]:
    """Collect the verbs of the statements sent, BEGIN and COMMIT included."""
    sent: list[str] = []
    engine = database.engine.sync_engine

    def note(sql: str) -> None:
        sent.append(sql.split(maxsplit=1)[0].strip(";"))

    def note_frame(sql: str) -> None:
        if sql.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            note(sql)

    def note_record(record: Any) -> None:
        note_frame(record.query)

    @event.listens_for(engine, "before_cursor_execute")
    def note_statement(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        note(sql)

    @event.listens_for(engine, "checkout")
    def trace_driver(connection: Any, *_: Any) -> None:
        if engine.dialect.name == "postgresql":
            connection.driver_connection.add_query_logger(note_record)
        else:
            connection.set_trace_callback(note_frame)

    return sent


@pytest.fixture
def sent(app: FastAPI, client: TestClient) -> list[str]:
    client.get("products")
    return record_statements(app.state.health.database)


def test_a_url_selects_an_asynchronous_driver() -> None:
    assert with_driver("sqlite:///a.db").drivername == "sqlite+loop"
    assert with_driver("postgresql://h/d").drivername == "postgresql+asyncpg"


def test_a_read_takes_one_statement_after_authentication(
    client: TestClient, sent: list[str]
) -> None:
    client.get("products?count=false")
    assert sent == ["SELECT", "SELECT"]  # the principal, then the page


# The principal; on SQLite also the newest time of the log, which times never precede.
SELECTS = {"postgresql": ["SELECT"], "sqlite": ["SELECT", "SELECT"]}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check no permission again, as after a wait, however slow the machine is."""
    name = "app.auth.permissions.before_commit.LONGEST_UNCHECKED"
    monkeypatch.setattr(name, float("inf"))


def test_a_write_is_one_transaction(
    client: TestClient, sent: list[str], url: str, quick: None
) -> None:
    make_product(client)
    selects = SELECTS[url.partition(":")[0]]
    assert sorted(sent) == ["BEGIN", "COMMIT", "INSERT", "INSERT", *selects]


def test_an_update_reads_the_row_once(
    client: TestClient, sent: list[str], url: str, quick: None
) -> None:
    product = make_product(client)
    sent.clear()
    client.patch(product, json={"name": "New"})
    selects = [*SELECTS[url.partition(":")[0]], "SELECT"]
    assert sorted(sent) == ["BEGIN", "COMMIT", "INSERT", *selects, "UPDATE"]


def test_a_request_without_a_token_sends_no_statement(
    sent: list[str], anonymous: TestClient
) -> None:
    del anonymous.headers["authorization"]
    anonymous.get("http://test/livez")
    anonymous.get("nowhere")
    anonymous.get("products")
    assert sent == []


async def count(database: Database) -> int | None:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Product))


async def test_a_reading_session_cannot_write(database: Database) -> None:
    async def write() -> None:
        async with database.reading() as session:
            session.add(Product(sku="A", name="A", price=Decimal(1)))

    with pytest.raises(ReadOnlyError):
        await write()
    assert await count(database) == 0


async def test_a_failed_transaction_is_rolled_back(database: Database) -> None:
    async def write_twice() -> None:
        async with database.writing() as session:
            for _ in range(2):
                session.add(Product(sku="A", name="A", price=Decimal(1)))
                await session.flush()

    with pytest.raises(IntegrityError):
        await write_twice()
    assert await count(database) == 0


def test_the_commit_precedes_the_response(app: FastAPI, client: TestClient) -> None:
    def fail(_: Any) -> None:
        raise ArithmeticError("no")

    engine = app.state.health.database.engine.sync_engine
    event.listen(engine, "commit", fail)
    assert client.post("products", json=PEN).status_code == 500
    event.remove(engine, "commit", fail)
    assert client.get("products").json()["total"] == 0


async def test_sqlite_pragmas_are_set() -> None:
    settings = make_settings("sqlite:///")
    async with open_database(settings) as database, database.writing() as session:
        names = ("foreign_keys", "synchronous", "busy_timeout")
        answers = [await session.scalar(text(f"PRAGMA {name}")) for name in names]
    assert answers == [1, 1, 0]


async def test_sqlite_rejects_a_second_session_in_one_task() -> None:
    settings = make_settings("sqlite:///")
    async with open_database(settings) as database, database.writing() as session:
        await session.execute(select(1))
        with pytest.raises(RuntimeError, match="already has a session open"):
            async with database.reading() as second:
                await second.execute(select(1))
        await session.execute(select(1))


@pytest.mark.slow
def test_a_lock_timeout_returns_503_with_retry_after(
    url: str, app: FastAPI, client: TestClient
) -> None:
    product = make_product(client)
    short_timeout = make_settings(url, DATABASE_TIMEOUT=0.2)
    with TestClient(
        create_app(short_timeout), base_url="http://test/api/v1/"
    ) as second_client:
        second_client.headers.update(client.headers)
        with locked(url, "product"):
            refused = second_client.patch(product, json={"name": "New"})
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert refused.headers["retry-after"] == "5"
            assert client.get(product).json()["name"] == "Pen"
        wait_until(
            lambda: second_client.patch(product, json={"name": "New"}).is_success,
            "It is still locked",
        )


@pytest.mark.slow
def test_an_exhausted_pool_returns_503(url: str, client: TestClient) -> None:
    short_timeout = make_settings(url, DATABASE_TIMEOUT=0.2, DATABASE_POOL_SIZE=1)
    app = create_app(short_timeout)
    with TestClient(app, base_url="http://test/api/v1/") as second_client:
        second_client.headers.update(client.headers)
        assert second_client.portal
        with second_client.portal.wrap_async_context_manager(
            app.state.health.database.engine.connect()
        ):
            refused = second_client.post("products", json=PEN)
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert refused.json()["detail"].startswith("All database connections")
            if url.startswith("sqlite"):  # readers have connections of their own
                assert second_client.get("products").status_code == 200
        wait_until(
            lambda: second_client.post("products", json=PEN).is_success,
            "The pool is still exhausted",
        )


async def test_a_database_has_the_limits_that_it_is_given(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has no such settings")
    database = Database(make_settings(url), MIGRATION_LIMITS)
    shown = text(
        "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
    )
    async with database.writing() as session:
        assert (await session.execute(shown)).one() == ("0", "5s")
    await database.close()
