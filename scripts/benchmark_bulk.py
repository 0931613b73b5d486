"""Compare bulk requests with single ones: CPU time and time of an item.

The server has a core of its own, except for PostgreSQL. Single requests come over 16
connections, bulk requests of 500 items over one.
"""

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

from scripts.bench.bulk import BulkBench, Ratio
from scripts.bench.databases import synced_template
from scripts.bench.report import print_figures
from scripts.bench.servers import COMPLETE, run_server
from tests.databases import Engine


def measure_on(engine: Engine, rounds: int) -> list[Ratio]:
    with (
        synced_template(engine) as template,
        template.copy() as url,
        run_server(COMPLETE, url) as server,
    ):
        return BulkBench(server, engine).ratios(rounds)


def table_of(ratios: list[Ratio]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for title in ("database", "operation"):
        table.add_column(title)
    for title in ("single, CPU µs", "bulk, CPU µs", "by CPU", "by time"):
        table.add_column(title, justify="right")
    for it in ratios:
        costs = f"{it.single_cpu:.0f}", f"{it.bulk_cpu:.0f}"
        ratio = f"{it.by_cpu:.1f}", f"{it.by_time:.1f}"
        table.add_row(it.database, it.operation, *costs, *ratio)
    return table


def main(
    rounds: Annotated[int, typer.Option(min=1, max=10_000)] = 10,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare bulk requests with single ones: CPU time and time of an item."""
    ratios = [it for engine in database or Engine for it in measure_on(engine, rounds)]
    print_figures(ratios, table_of, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
