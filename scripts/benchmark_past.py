"""Measure lists of a large collection as of a time.

python scripts/benchmark_past.py --records 100000

In this process, without HTTP. Each record has three changes.
"""

import asyncio
import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from app.core.db.database import Database
from scripts.bench.archive.records import insert_records
from scripts.bench.databases import synced_template
from scripts.bench.past import Cost, measure
from scripts.bench.report import print_figures
from tests.databases import Engine, make_settings

TITLES = ("database", "list", "later changes", "ms", "loop delay, ms", "total")


async def measure_on(url: str, records: int) -> list[Cost]:
    await insert_records(url, records)
    database = Database(make_settings(url, DATABASE_TIMEOUT=300))
    if database.engine.dialect.name == "postgresql":
        async with database.engine.connect() as connection:
            # As autovacuum does, which is off here.
            await connection.exec_driver_sql("ANALYZE")
            await connection.commit()
    try:
        return await measure(database, records)
    finally:
        await database.close()


def table_of(costs: list[Cost]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for title in TITLES:
        table.add_column(title)
    for each in costs:
        total = "" if each.total is None else str(each.total)
        figures = f"{each.median:.0f}", f"{each.delay:.0f}", total
        table.add_row(each.database, each.what, each.changes, *figures)
    return table


def main(
    records: Annotated[int, typer.Option(min=100, max=10_000_000)] = 100_000,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure lists of a large collection as of a time."""
    costs: list[Cost] = []
    for engine in database or Engine:
        with synced_template(engine) as template, template.copy() as url:
            costs += asyncio.run(measure_on(url, records))
    print_figures(costs, table_of, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
