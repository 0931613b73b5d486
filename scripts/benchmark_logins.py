"""Measure concurrent logins: logins/s, and latency of /livez meanwhile.

The server has one core and limits concurrent password hashing: logins queue, and other
requests should not be delayed.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))
# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.bench.databases import synced_template
from scripts.bench.logins import Logins, measure_logins, table_of
from scripts.bench.report import print_figures
from scripts.bench.servers import CORES, pin
from tests.databases import Engine


def measure_on(engine: Engine, users: int) -> Logins:
    with synced_template(engine) as template, template.copy() as url:
        return measure_logins(engine, url, users)


def main(
    users: Annotated[int, typer.Option(min=1, help="Concurrent logins.")] = 100,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure concurrent logins, and the latency of /livez meanwhile."""
    pin(os.getpid(), CORES[:-1] or CORES)
    with Console(stderr=True).status("Measuring"):
        rows = [measure_on(engine, users) for engine in database or Engine]
    print_figures(rows, table_of, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
