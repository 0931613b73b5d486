"""Measure an export of a large table and an import of a file, over HTTP.

python scripts/benchmark_files.py --table-rows 1000000 --imported 20000

Each server runs on one core; this process and PostgreSQL use the others.
"""

import asyncio
import json
import os
import secrets
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.bench.databases import synced_template
from scripts.bench.files import Cost, fill, measure
from scripts.bench.report import print_figures
from scripts.bench.servers import CORES, pin
from tests.databases import Engine


def table_of(costs: list[Cost]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for title in ("database", "measurement", "rows", "rows/s", "MB more"):
        table.add_column(title)
    for each in costs:
        figures = f"{each.rows}", f"{each.rows_per_second:.0f}", f"{each.grown:.1f}"
        table.add_row(each.database, each.what, *figures)
    return table


def main(
    table_rows: Annotated[int, typer.Option(min=1, max=10_000_000)] = 1_000_000,
    imported: Annotated[int, typer.Option(min=1, max=1_000_000)] = 20_000,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure an export of a large table and an import of a file, over HTTP."""
    pin(0, CORES[:-1])
    costs: list[Cost] = []
    for engine in database or Engine:
        with synced_template(engine) as template, template.copy() as url:
            asyncio.run(fill(url, table_rows))
            for cost in measure(engine, url, imported):
                print(json.dumps(asdict(cost)), file=sys.stderr, flush=True)
                costs.append(cost)
    print_figures(costs, table_of, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
