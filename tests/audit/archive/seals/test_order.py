"""The order of sealing is that of transactions: clocks and readers don't matter."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import insert, make_url, text

from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import ACCESSES, CHANGES, Log
from app.core.clock import now
from app.core.db.database import Database
from app.main import create_app
from tests.audit.archive.rows import AuditLog, make_access, make_change
from tests.audit.archive.verify import tampering
from tests.databases import make_settings

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
SHIFTS = {
    "ten minutes back": timedelta(minutes=-10),
    "two hours ahead": timedelta(hours=2),
    "a day ahead": DAY,
    "ten years back": -3653 * DAY,
    "ten years ahead": 3653 * DAY,
}


def change_at(audit_log: AuditLog, shift: timedelta, number: int) -> None:
    audit_log.add(CHANGES, [make_change(now() + shift, number)])


@pytest.mark.sampled
@pytest.mark.parametrize("shift", SHIFTS.values(), ids=SHIFTS.keys())
def test_a_clock_that_steps_neither_stops_nor_alarms(
    audit_log: AuditLog, shift: timedelta
) -> None:
    old = -timedelta(days=5)  # before the cutoff, also if a day ends meanwhile
    change_at(audit_log, old, 0)
    assert audit_log.seal() == 1
    change_at(audit_log, shift, 1)
    assert audit_log.seal() == 1
    change_at(audit_log, old + timedelta(minutes=1), 2)
    assert audit_log.seal() == 1
    report = audit_log.verify()
    assert (report.findings, report.unsealed) == ([], 0)
    archived = 3 if shift < -DAY else 2
    assert audit_log.archive()["changes"].rows == archived
    change_at(audit_log, timedelta(), 3)
    assert audit_log.archive()["changes"].rows == 0
    report = audit_log.verify()
    assert (report.findings, report.cold) == ([], archived)


@pytest.mark.parametrize("log", [CHANGES, ACCESSES], ids=lambda log: log.name)
def test_a_row_dated_ahead_is_counted_until_it_is_sealed(
    audit_log: AuditLog, log: Log
) -> None:
    make = make_change if log is CHANGES else make_access
    audit_log.add(log, [make(now() + 2 * DAY, 0)])
    assert audit_log.verify().unsealed == 1
    assert audit_log.seal() == 1
    assert audit_log.verify().unsealed == 0


def test_rows_are_named_that_were_sealed_late(audit_log: AuditLog) -> None:
    change_at(audit_log, timedelta(hours=2), 0)
    audit_log.seal()
    change_at(audit_log, timedelta(), 1)
    audit_log.seal()
    # The first one says the wrong time, so the second one is not late.
    assert audit_log.verify().sealed_late == 0
    change_at(audit_log, timedelta(minutes=-10), 2)
    audit_log.seal()
    assert audit_log.verify().sealed_late == 1


def test_two_hosts_with_different_clocks(audit_log: AuditLog) -> None:
    for number in range(4):
        with time_machine.travel(now() + timedelta(hours=number % 2)):
            change_at(audit_log, timedelta(), number)
            assert audit_log.seal() == 1
    assert audit_log.count_findings() == {}


def test_numbers_grow_although_the_clock_steps_back(audit_log: AuditLog) -> None:
    change_at(audit_log, timedelta(), 0)
    with time_machine.travel(now() - DAY):
        change_at(audit_log, timedelta(), 1)
    audit_log.seal()
    tampering.clear_changes(audit_log)
    with time_machine.travel(now() - DAY):
        change_at(audit_log, timedelta(), 2)
    assert audit_log.seal() == 1


def test_an_idle_reader_holds_nothing_up(url: str, audit_log: AuditLog) -> None:
    change_at(audit_log, timedelta(), 0)
    with open_transaction(url, "SELECT count(*) FROM audit_change"):
        change_at(audit_log, timedelta(), 1)
        assert audit_log.seal() == 2


def test_a_writer_holds_up_what_follows_it(url: str, audit_log: AuditLog) -> None:
    """On PostgreSQL its row may yet be committed. Another role's counts as well."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    change_at(audit_log, timedelta(), 0)
    with other_role(url) as role:
        with open_transaction(url, f"SET ROLE {role}; CREATE TEMP TABLE t (id int)"):
            change_at(audit_log, timedelta(), 1)
            assert audit_log.seal() == 1
            report = audit_log.verify()
            assert (report.findings, report.unsealed) == ([], 1)
        assert audit_log.seal() == 1


def test_an_open_change_is_sealed_after_later_ones(
    url: str, audit_log: AuditLog
) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")

    async def overlap(context: ArchiveContext) -> int:
        async with context.database.writing() as session:
            await session.execute(insert(CHANGES.live).values(make_change(now(), 0)))
            await asyncio.to_thread(change_at, audit_log, timedelta(), 1)
            return await asyncio.to_thread(audit_log.seal)

    assert audit_log.run(overlap) == 0
    assert audit_log.seal() == 2
    assert audit_log.count_findings() == {}


def test_a_server_with_lower_numbers_continues(audit_log: AuditLog) -> None:
    """A dump keeps the numbers of the server that it was made on."""
    if audit_log.settings.DATABASE_URL.startswith("sqlite"):
        pytest.skip("A copy of the file continues its numbers")
    audit_log.fill(days=4)
    audit_log.seal()
    shift = text("UPDATE audit_change SET transaction_id = transaction_id + 1000000")
    tampering.execute(audit_log, shift)
    shift = text("UPDATE audit_seal SET transaction_id = transaction_id + 1000000")
    tampering.execute(audit_log, shift)
    assert audit_log.verify().findings == []
    change_at(audit_log, timedelta(), 100)
    audit_log.add(ACCESSES, [make_access(now(), 100)])
    assert audit_log.seal() == 2
    change_at(audit_log, timedelta(), 101)
    assert audit_log.seal() == 1
    assert audit_log.count_findings() == {}


def test_a_deleted_and_restored_record_is_sealed(
    client: TestClient, url: str, audit_log: AuditLog
) -> None:
    audit_log = AuditLog(make_settings(url), audit_log.directory)
    pen = {"sku": "PEN-1", "name": "Pen", "price": "1.50"}
    id = client.post("products", json=pen).json()["id"]
    assert client.delete(f"products/{id}").status_code == 204
    assert client.post(f"products/{id}/restore").status_code in (200, 201)
    assert audit_log.seal() >= 3
    assert audit_log.count_findings() == {}


def test_sealing_that_is_behind_shows_in_readyz(url: str) -> None:
    app = create_app(make_settings(url))
    with TestClient(app, "http://test") as client:
        assert client.get("/readyz").json()["checks"]["sealing"] == "ok"
        app.state.sealer.backlog.measured -= 720
        answer = client.get("/readyz")
        assert answer.status_code == 200
        state = answer.json()["checks"]["sealing"]
        assert state == "behind: no sealing was completed for 12 minutes"
        assert client.portal
        client.portal.call(app.state.sealer.seal)
        assert client.get("/readyz").json()["checks"]["sealing"] == "ok"
        app.state.sealer.backlog.oldest["changes"] = now() - timedelta(minutes=7)
        state = client.get("/readyz").json()["checks"]["sealing"]
        assert state == "behind: changes has an unsealed row 7 minutes old"


@contextmanager
def open_transaction(url: str, query: str) -> Iterator[None]:
    """Keep a transaction open that has executed the query."""
    runner = asyncio.Runner()
    if url.startswith("sqlite"):
        database = Database(make_settings(url))
        session = database.snapshot()
        runner.run(session.execute(text(query)))
        yield
        runner.run(session.close())
        runner.run(database.close())
    else:
        dsn = make_url(url).set(drivername="postgresql")
        connection = runner.run(
            asyncpg.connect(dsn.render_as_string(hide_password=False))
        )
        runner.run(connection.execute(f"BEGIN; {query}"))
        yield
        runner.run(connection.execute("ROLLBACK"))
        runner.run(connection.close())
    runner.close()


@contextmanager
def other_role(url: str) -> Iterator[str]:
    name = f"role_{uuid4().hex}"

    async def execute(query: str) -> None:
        dsn = make_url(url).set(drivername="postgresql")
        connection = await asyncpg.connect(dsn.render_as_string(hide_password=False))
        await connection.execute(query)
        await connection.close()

    grant = "GRANT TEMP ON DATABASE"
    database = make_url(url).database
    asyncio.run(execute(f'CREATE ROLE {name}; {grant} "{database}" TO {name}'))
    try:
        yield name
    finally:
        asyncio.run(execute(f"DROP OWNED BY {name}; DROP ROLE {name}"))
