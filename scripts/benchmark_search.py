"""Measure searches in a large table, and what their index costs.

python scripts/benchmark_search.py --table-rows 1000000

In this process, without HTTP: it is about the database.
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
from app.core.db.driver.limits import MIGRATION_LIMITS
from app.core.db.engine import allow_copies_of_tables
from scripts.bench.databases import synced_template
from scripts.bench.report import print_figures
from scripts.bench.search import Cost, measure
from tests.databases import Engine, make_settings


async def measure_on(url: str, rows: int) -> list[Cost]:
    database = Database(make_settings(url, DATABASE_TIMEOUT=300), MIGRATION_LIMITS)
    allow_copies_of_tables(database.engine)
    try:
        return await measure(database, rows)
    finally:
        await database.close()


def table_of(costs: list[Cost]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for title in ("database", "measurement", "value", "hits"):
        table.add_column(title)
    for each in costs:
        hits = "" if each.hits is None else str(each.hits)
        table.add_row(each.database, each.what, f"{each.value:.2f}", hits)
    return table


def main(
    table_rows: Annotated[int, typer.Option(min=1, max=10_000_000)] = 1_000_000,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure searches in a large table, and what their index costs."""
    costs: list[Cost] = []
    for engine in database or Engine:
        with synced_template(engine) as template, template.copy() as url:
            costs += asyncio.run(measure_on(url, table_rows))
    print_figures(costs, table_of, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
