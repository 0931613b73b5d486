"""Measure the change feed: memory and CPU time of open feeds, and their delay.

The server has a core of its own, except for PostgreSQL. The delay is from the response
of a PATCH, which is sent after the commit, to the event at the last of the clients.
With --apart, another process answers the PATCH; all cores are shared.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.box import SIMPLE_HEAD
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.bench.databases import synced_template
from scripts.bench.feed import Feeds, measure
from scripts.bench.report import print_figures
from scripts.bench.servers import COMPLETE, TWO_HOSTS, run_server
from tests.databases import Engine

TITLES = ("KiB a feed", "idle, % of a core", "PATCH, CPU µs", "delay, ms", "p95, ms")


def measure_on(
    engine: Engine,
    numbers: list[int],
    work: tuple[int, float],
    variant: str = COMPLETE,
) -> list[Feeds]:
    with synced_template(engine) as template:
        found = []
        for number in numbers:
            with template.copy() as url, run_server(variant, url) as server:
                found.append(uvloop.run(measure(server, url, engine, number, work)))
        return found


def table_of(rows: list[Feeds]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("database")
    for title in ("feeds", *TITLES):
        table.add_column(title, justify="right")
    for it in rows:
        costs = f"{it.memory_kib:.0f}", f"{it.idle_percent:.1f}", f"{it.patch_cpu:.0f}"
        delays = f"{it.delay:.0f}", f"{it.slow_delay:.0f}"
        table.add_row(it.database, str(it.feeds), *costs, *delays)
    return table


def main(  # noqa: PLR0913, PLR0917  # one per option
    feeds: Annotated[list[int] | None, typer.Option(min=0, max=1_000)] = None,
    changes: Annotated[int, typer.Option(min=3, max=10_000)] = 100,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=600, help="Time for which feeds are idle.")
    ] = 24,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    apart: Annotated[
        bool, typer.Option("--apart", help="Change records in a second process.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a server with open feeds: 0, 100 and 500, unless they are given."""
    numbers, work = feeds or [0, 100, 500], (changes, seconds)
    variant = TWO_HOSTS if apart else COMPLETE
    rows = [
        row
        for engine in database or Engine
        for row in measure_on(engine, numbers, work, variant)
    ]
    print_figures(rows, table_of, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
