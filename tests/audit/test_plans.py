"""Plans of the queries on the logs: partitions that are read, and indexes."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from app.audit.archive.logs import LOGS, Log
from app.audit.archive.partitions.repository import is_partitioned
from app.audit.archive.seals.cursor import Position
from app.audit.archive.seals.order import OrderRepository
from app.audit.cursors import encode_cursor
from app.audit.repository import ACCESSES, AuditRepository
from app.audit.schemas import AccessQuery, ChangeQuery
from app.core.clock import now
from app.core.db.database import Database
from app.core.db.ids import lowest_id
from app.core.db.session import DatabaseSession
from tests.audit.archive.rows import make_access

pytestmark = pytest.mark.anyio
ID = UUID(int=7)
HOUR = timedelta(hours=1)


async def explain(
    session: DatabaseSession, read: Callable[[], Awaitable[Any]], place: int = 0
) -> str:
    """Return the plan of a statement of a method of a repository, the first one."""
    engine, found = session.get_bind(), list[tuple[str, Any]]()

    def record(_: Any, __: Any, sql: str, values: Any, *___: Any) -> None:
        found.append((sql, values))

    event.listen(engine, "before_cursor_execute", record)
    await read()
    event.remove(engine, "before_cursor_execute", record)
    connection = await session.connection()
    sqlite = connection.dialect.name == "sqlite"
    sql, values = found[place]
    words = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
    plan = await connection.exec_driver_sql(f"{words} {sql}", values)
    return "\n".join(str(row[-1]) for row in plan)


async def explain_page(
    session: DatabaseSession, query: AccessQuery | ChangeQuery
) -> str:
    """Return the plan of the statement that lists a page of a log."""
    log = AuditRepository(session)
    if isinstance(query, AccessQuery):
        return await explain(session, lambda: log.list_accesses(query))
    return await explain(session, lambda: log.list_changes(query), -1)


async def avoid_whole_tables(session: DatabaseSession) -> None:
    """Otherwise PostgreSQL reads a table without rows as a whole."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SET enable_seqscan = off"))


@pytest.mark.parametrize("cursor", [False, True])
async def test_a_query_by_time_reads_the_partitions_of_that_time(
    database: Database, cursor: bool
) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no partitions")
    times: dict[str, Any] = {"since": now() - HOUR, "until": now() + HOUR}
    if cursor:
        times["cursor"] = encode_cursor(times.pop("until"), ID)
    query = AccessQuery.model_construct(None, **times)
    async with database.reading() as session:
        plan = await explain_page(session, query)
        whole = await explain_page(session, AccessQuery())
    assert whole.count(" on audit_access_") == 24 + 1
    # On the last day of a month, and the first one, the neighbour is read too.
    assert 1 <= plan.count(" on audit_access_") <= 2 + 1
    assert f" on audit_access_{now():%Y_%m}" in plan


async def test_an_access_is_found_by_its_time(database: Database) -> None:
    at = now() - HOUR
    row = make_access(at, 1, id=lowest_id(at, timedelta(hours=3)))
    async with database.writing() as session:
        await session.execute(ACCESSES.insert(), [row])
    query = AccessQuery.model_construct(since=at, until=at + HOUR)
    async with database.reading() as session:
        page = await AuditRepository(session).list_accesses(query)
    assert [each["id"] for each in page.items] == [row["id"]]


QUERIES: dict[str, AccessQuery | ChangeQuery] = {
    "audit_access at": AccessQuery(),
    "audit_access user_id": AccessQuery(user_id=ID),
    "audit_access key_id": AccessQuery(key_id=ID),
    "audit_access status": AccessQuery(status=403),
    "audit_access request_id": AccessQuery(request_id="a"),
    "audit_change at": ChangeQuery(),
    "audit_change actor_id": ChangeQuery(actor_id=ID),
    "audit_change key_id": ChangeQuery(key_id=ID),
    "audit_change request_id": ChangeQuery(request_id="a"),
    "audit_change entity": ChangeQuery(entity="Product", entity_id=ID),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_each_index_serves_a_query(database: Database, name: str) -> None:
    table, column = name.split()
    async with database.reading() as session:
        await avoid_whole_tables(session)
        plan = await explain_page(session, QUERIES[name])
    assert f"ix_{table}_{column}" in plan or f"{now():%Y_%m}_{column}" in plan, plan


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
async def test_rows_are_sealed_by_the_index_on_their_number(
    database: Database, log: Log
) -> None:
    """Of each partition."""
    async with database.reading() as session:
        await avoid_whole_tables(session)
        order = OrderRepository(session, log)
        read = partial(order.read_settled, Position(100, ID), 200, 10)
        plan = await explain(session, read)
    expected = 24 + 1 if is_partitioned(database, log) else 1
    used = re.findall(rf"{log.live.name}\w*_transaction_id\w*", plan)
    assert len(used) == expected, plan
