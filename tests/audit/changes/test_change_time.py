"""Times of changes: a record's versions keep their order, however the clocks step."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Timer
from typing import Any
from uuid import UUID

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.changes.guard import unaudited
from app.audit.models import AuditChange
from app.core.clock import TICK, now
from app.core.config import Settings
from app.main import open_database
from tests.accounts import PASSWORD, root_header
from tests.audit.changes.conftest import Library
from tests.audit.changes.models import ANN, Author, Chapter
from tests.audit.history.test_history import PEN, at, body, history, make
from tests.databases import make_settings
from tests.processes.forked import forks
from tests.processes.locks import locked

pytestmark = pytest.mark.slow

STEPS = [timedelta(minutes=-10), timedelta(0), timedelta(seconds=1), timedelta(days=1)]
BACK = timedelta(minutes=-10)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as clock:
        yield clock


def assert_versions_at_their_times(client: TestClient, url: str) -> None:
    """Read each version as of its own time, and the one before 1 µs earlier."""
    versions = history(client, url)
    times = [datetime.fromisoformat(each["at"]) for each in versions]
    assert times == sorted(set(times), reverse=True)
    for change, instant in zip(versions, times, strict=True):
        deleted = change["action"] == "DELETE"
        assert_version(client, url, instant, 0 if deleted else change["version"])
        before = 0 if change["action"] == "INSERT" else change["version"] - 1
        assert_version(client, url, instant - TICK, before)


def assert_version(client: TestClient, url: str, instant: datetime, n: int) -> None:
    seen = at(client, url, instant.isoformat())
    if n == 0:
        assert seen.status_code == 404
    else:
        assert body(seen)["version"] == n


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_versions_keep_their_order(
    client: TestClient,
    settings: Settings,
    clock: time_machine.Traveller,
    step: timedelta,
) -> None:
    def shift() -> None:
        clock.shift(step)
        client.headers.update(root_header(settings))

    url = make(client, "products", PEN)
    for stock in (4, 5):
        shift()
        body(client.patch(url, json={"stock": stock}))
    shift()
    client.delete(url)
    shift()
    body(client.post(f"{url}/restore"))
    shift()
    body(client.post(f"{url}/revert", json={"to_version": 1}))
    assert_versions_at_their_times(client, url)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_record_has_the_time_of_its_change(
    client: TestClient,
    settings: Settings,
    clock: time_machine.Traveller,
    step: timedelta,
) -> None:
    pen, ink = (make(client, "products", PEN | {"sku": sku}) for sku in ("PEN", "INK"))
    client.patch(ink, json={"stock": 4})
    items = [
        {"op": "update", "id": url.removeprefix("products/"), "data": {"stock": 9}}
        for url in (pen, ink)
    ]
    for method, path, change in [
        ("PATCH", pen, {"stock": 5}),
        ("POST", f"{pen}/stock", {"delta": 2}),
        ("POST", f"{pen}/revert", {"to_version": 1}),
        ("POST", "products/bulk", {"items": items}),
    ]:
        clock.shift(step)
        client.headers.update(root_header(settings))
        body(client.request(method, path, json=change))
        for url in (pen, ink):
            (newest, *_) = history(client, url)
            present = body(client.get(url))
            assert present["updated_at"] == newest["at"]
            assert body(at(client, url, present["updated_at"])) == present


def test_a_restore_within_a_second_is_later_than_the_deletion(
    client: TestClient,
) -> None:
    url = make(client, "products", PEN)
    client.delete(url)
    restored = body(client.post(f"{url}/restore"))
    assert_versions_at_their_times(client, url)
    assert body(at(client, url, restored["updated_at"])) == restored


def test_dependent_rows_keep_the_order_of_their_owner(
    client: TestClient, settings: Settings, clock: time_machine.Traveller
) -> None:
    pasts: list[dict[str, list[str]]] = [{"tasks": ["create"]}, {"tasks": []}, {}]
    role = make(client, "roles", {"name": "clerk", "modules": pasts[0]})
    for modules in pasts[1:]:
        clock.shift(BACK)
        client.headers.update(root_header(settings))
        body(client.patch(role, json={"modules": modules}))
    changes = reversed(history(client, role))
    seen = [body(at(client, role, change["at"]))["modules"] for change in changes]
    assert seen == pasts
    clock.shift(BACK)
    client.headers.update(root_header(settings))
    body(client.post(f"{role}/revert", json={"to_version": 1}))
    client.delete(role)
    assert body(client.post(f"{role}/restore"))["modules"] == pasts[0]


def test_a_record_exists_as_of_its_creation(client: TestClient, url: str) -> None:
    with locked(url, "product") as lock:
        Timer(1.1, lock.set).start()
        made = body(client.post("products", json=PEN), 201)
    assert body(at(client, f"products/{made['id']}", made["created_at"])) == made


def test_a_user_is_as_of_its_update_what_it_is(client: TestClient) -> None:
    role = make(client, "roles", {"name": "clerk", "modules": {"tasks": []}})
    id = role.removeprefix("roles/")
    account = {"email": "u@example.com", "full_name": "U", "password": PASSWORD}
    user = make(client, "users", {**account, "role_ids": [id]})
    client.patch(role, json={"name": "seller"})
    present = body(client.get(user))
    assert body(at(client, user, present["updated_at"]))["version"] == 2


async def rename(session: AsyncSession) -> None:
    author = await session.get_one(Author, ANN)
    author.name += "a"


async def rename_all(session: AsyncSession) -> None:
    await session.execute(update(Author).values(name="Anna"))
    await session.execute(update(Chapter).values(title="One"))


async def excuse(session: AsyncSession) -> None:
    with unaudited("repair"):
        await session.execute(text("UPDATE book SET pages = 9"))


async def all_changes(library: Library) -> list[AuditChange]:
    """Return the change log in the order of its versions."""
    query = select(AuditChange).order_by(col(AuditChange.version))
    async with library.database.reading() as session:
        return list(await session.scalars(query))


def times_of(changes: list[AuditChange], id: Any) -> list[datetime]:
    return [change.at for change in changes if change.entity_id == id]


@pytest.mark.anyio
async def test_bulk_updates_are_later_than_the_versions_before(
    library: Library, clock: time_machine.Traveller
) -> None:
    await library.write(rename)
    clock.shift(BACK)
    await library.write(rename_all)
    await library.write(rename)
    changes = await all_changes(library)
    times = times_of(changes, ANN)
    assert len(times) == 4
    assert times == sorted(set(times))


@pytest.mark.anyio
async def test_all_changes_of_a_transaction_have_the_same_time(
    library: Library, clock: time_machine.Traveller
) -> None:
    async def change_often(session: AsyncSession) -> None:
        await rename_all(session)
        clock.shift(timedelta(seconds=1))
        await rename(session)
        await session.flush()
        clock.shift(timedelta(seconds=1))
        async with session.begin_nested():
            session.add(Author(name="Bob"))
        savepoint = await session.begin_nested()
        session.add(Author(name="Bo"))
        await savepoint.rollback()
        clock.shift(timedelta(seconds=1))
        session.add(Author(name="Bea"))
        await rename(session)

    await library.write(change_often)
    changes = await library.changes()
    assert len(changes) == 6
    assert len({change.at for change in changes}) == 1


@pytest.mark.anyio
async def test_the_log_of_sqlite_never_runs_backwards(
    library: Library, clock: time_machine.Traveller
) -> None:
    if library.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL orders its log by transaction, not by time")

    async def add(session: AsyncSession) -> None:
        session.add(Author(name="Bob"))

    for path in (rename, excuse, add, rename_all, excuse):
        clock.shift(BACK)
        await library.write(path)
    async with library.database.reading() as session:
        order = select(col(AuditChange.at)).order_by(text("rowid"))
        times = list(await session.scalars(order))
    assert times == sorted(times)


@pytest.mark.anyio
async def test_a_change_after_a_savepoint_is_later_than_one_between(
    library: Library, clock: time_machine.Traveller
) -> None:
    if library.database.engine.dialect.name == "sqlite":
        pytest.skip("no other transaction writes between: SQLite has one lock")

    async def change_twice(session: AsyncSession) -> None:
        savepoint = await session.begin_nested()
        await rename(session)
        await session.flush()
        await savepoint.rollback()
        clock.shift(-BACK)
        async with library.database.writing() as other:
            await rename(other)
        clock.shift(BACK)
        await rename(session)

    await library.write(change_twice)
    times = times_of(await all_changes(library), ANN)
    assert len(times) == 3
    assert times == sorted(set(times))


def rename_with_a_clock_that_differs(
    url: str, author: UUID, difference: timedelta
) -> None:
    async def run() -> None:
        async with (
            open_database(make_settings(url)) as database,
            database.writing() as session,
        ):
            (await session.get_one(Author, author)).name += "o"

    with time_machine.travel(now() + difference):
        asyncio.run(run())


@pytest.mark.anyio
async def test_processes_with_different_clocks_keep_the_order(
    library: Library, url: str
) -> None:
    for minutes in (10, -10, 0):
        difference = timedelta(minutes=minutes)
        arguments = (url, ANN, difference)
        other = forks.Process(target=rename_with_a_clock_that_differs, args=arguments)
        other.start()
        await asyncio.to_thread(other.join)
        assert other.exitcode == 0
        await library.write(rename)
    times = times_of(await all_changes(library), ANN)
    assert len(times) == 7
    assert times == sorted(set(times))
