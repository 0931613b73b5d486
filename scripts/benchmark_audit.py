"""Measure typical queries of a large audit log, and print the indexes that they use.

python scripts/benchmark_audit.py                 a million rows in each log
python scripts/benchmark_audit.py --rows 50000    a quick run
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter, time
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import event, text

sys.path.insert(0, str(Path(__file__).parents[1]))
# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from app.audit.history.repository import HistoryRepository
from app.audit.history.schemas import HistoryQuery
from app.audit.repository import AuditRepository
from app.audit.schemas import AccessQuery, ChangeQuery
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.engine import make_engine
from app.core.db.session import DatabaseSession
from app.modules.products.models import Product
from scripts.bench.databases import synced_template
from tests.databases import Engine, make_settings

REPETITIONS = 50
ID = UUID(int=777)

# Ten versions per record, three changes per request, one change per millisecond. Ids
# are of version 7: PostgreSQL's partitions are months of them.
ROWS = {
    Engine.SQLITE: """
        WITH RECURSIVE n(i) AS (
            SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows
        ), r AS (
            SELECT i, printf('%012x', :start * 1000 + i) || '7'
                || substr(lower(hex(randomblob(10))), 2) AS id,
                strftime('%Y-%m-%d %H:%M:%f000', :start + i * 0.001, 'unixepoch')
                AS at, printf('%032x', i / 10) AS record
            FROM n
        )""",
    Engine.POSTGRESQL: """
        WITH r AS (
            SELECT i, (lpad(to_hex(:start * 1000::bigint + i), 12, '0') || '7'
                || right(md5(i::text), 19))::uuid AS id,
                to_timestamp(:start + i * 0.001) AS at,
                lpad(to_hex(i / 10), 32, '0')::uuid AS record
            FROM generate_series(0, :rows - 1) AS n(i)
        )""",
}
INTO_CHANGES = """
INSERT INTO audit_change (id, at, request_id, actor_id, actor_label, action, entity,
    entity_id, version, old, new)
SELECT id, at, 'request-' || (i / 3), record, 'ada@example.com', 'UPDATE', 'Product',
    record, i % 10 + 1, '{"price": "1.50", "stock": 3}', '{"price": "2.00", "stock": 4}'
FROM r"""
INTO_ACCESSES = """
INSERT INTO audit_access (id, at, request_id, user_id, user_label, ip, method, path,
    route, query, status, duration_ms, bytes, user_agent, outcome)
SELECT id, at, 'request-' || i, record, 'ada@example.com', '192.0.2.1', 'GET',
    '/api/v1/products', '/api/v1/products', '', 200, 1.5, 512, 'curl', 'answered'
FROM r"""

Query = Callable[[AuditRepository], Awaitable[Any]]
QUERIES: dict[str, Query] = {
    "history of one record": lambda log: HistoryRepository(log.session).of_record(
        Product, ID, HistoryQuery()
    ),
    "a request's changes": lambda log: log.request_changes("request-333"),
    "a request's accesses": lambda log: log.request_accesses("request-333"),
    "newest changes": lambda log: log.list_changes(ChangeQuery()),
    "newest accesses": lambda log: log.list_accesses(AccessQuery()),
    "changes of one user": lambda log: log.list_changes(ChangeQuery(actor_id=ID)),
    "accesses of one user": lambda log: log.list_accesses(AccessQuery(user_id=ID)),
}


async def fill(settings: Settings, engine: Engine, rows: int) -> None:
    """Insert rows into both logs, without the application's guard."""
    bare = make_engine(settings.model_copy(update={"DATABASE_TIMEOUT": 3_600}))
    async with bare.begin() as connection:
        for into in (INTO_CHANGES, INTO_ACCESSES):
            values = {"rows": rows, "start": int(time()) - rows // 1000}
            await connection.execute(text(ROWS[engine] + into), values)
    async with bare.connect() as connection:
        await connection.execute(text("ANALYZE"))
        await connection.commit()
    await bare.dispose()


async def measure(session: DatabaseSession, query: Query) -> tuple[float, str]:
    """Return the median duration in milliseconds, and the plan's line with an index."""
    log = AuditRepository(session)
    statements: list[tuple[str, Any]] = []
    engine = session.get_bind()

    def record(_: Any, __: Any, sql: str, values: Any, *___: Any) -> None:
        statements.append((sql, values))

    event.listen(engine, "before_cursor_execute", record)
    await query(log)
    event.remove(engine, "before_cursor_execute", record)
    durations = []
    for _ in range(REPETITIONS):
        start = perf_counter()
        await query(log)
        durations.append((perf_counter() - start) * 1000)
    # The statement before asks up to where a list of changes is complete.
    return median(durations), await explain_plan(session, *statements[-1])


async def explain_plan(session: DatabaseSession, sql: str, values: Any) -> str:
    connection = await session.connection()
    sqlite = connection.dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
    plan = await connection.exec_driver_sql(f"{explain} {sql}", values)
    lines = [str(row[-1]).strip() for row in plan]
    # Those of partitions are named by PostgreSQL: audit_access_2026_11_at_idx.
    named = (line for line in lines if "ix_" in line or "_idx" in line)
    return next(named, lines[0])


async def run(engine: Engine, url: str, rows: int, table: Table) -> None:
    settings = make_settings(url)
    await fill(settings, engine, rows)
    database = Database(settings)
    async with database.reading() as session:
        for name, query in QUERIES.items():
            milliseconds, index = await measure(session, query)
            table.add_row(engine, name, f"{milliseconds:.2f}", index[:90])
    await database.close()


def main(
    rows: Annotated[
        int, typer.Option(min=1_000, max=100_000_000, help="Rows in each log.")
    ] = 1_000_000,
) -> None:
    """Measure queries of a large audit log on SQLite and PostgreSQL."""
    table = Table("database", "query", "ms", "plan", title=f"{rows} rows in each log")
    for engine in Engine:
        with synced_template(engine) as template, template.copy() as url:
            asyncio.run(run(engine, url, rows, table))
    Console(width=160).print(table)


if __name__ == "__main__":
    typer.run(main)
