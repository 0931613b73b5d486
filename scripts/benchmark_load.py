"""Measure reads from 200 connections while long lists and searches run beside them.

The server and the driver share all cores.
"""

import os
import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))
# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.bench.databases import synced_template
from scripts.bench.mixed import Latency, drive_all, latencies_table
from scripts.bench.report import print_figures
from scripts.bench.rounds import Subject
from scripts.bench.servers import ONE_WORKER, run_server
from tests.databases import Engine


def measure_on(engine: Engine, rows: int, seconds: float) -> list[Latency]:
    with (
        synced_template(engine) as template,
        template.copy() as url,
        run_server(ONE_WORKER, url) as server,
    ):
        found = uvloop.run(drive_all(Subject(server, rows), seconds))
    return [replace(each, database=engine) for each in found]


def main(
    table_rows: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Rows that a search compares.")
    ] = 10_000,
    seconds: Annotated[float, typer.Option(min=0.1, max=600)] = 10,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure latencies; any response but 200 stops the measurement."""
    with Console(stderr=True).status("Measuring"):
        rows = [
            row
            for engine in database or Engine
            for row in measure_on(engine, table_rows, seconds)
        ]
    print_figures(rows, latencies_table, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
