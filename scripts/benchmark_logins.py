"""Let a crowd sign in at once: logins/s, and how long /livez takes meanwhile.

The server has one core, and hashes few passwords at once: the crowd queues, and nobody
else should notice.
"""

import json
import os
import secrets
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))
# Nothing is signed here, yet the settings insist.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.bench.logins import Logins, measure_logins, table_of
from scripts.bench.servers import CORES, pin
from tests.databases import Engine, template_on


def crowd_on(engine: Engine, crowd: int) -> Logins:
    with template_on(engine) as template, template.copy() as url:
        return measure_logins(engine, url, crowd)


def main(
    crowd: Annotated[int, typer.Option(min=1, help="Users at once.")] = 100,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Let a crowd sign in at once: logins/s, and how long /livez takes meanwhile."""
    pin(os.getpid(), CORES[:-1] or CORES)
    with Console(stderr=True).status("Measuring"):
        rows = [crowd_on(engine, crowd) for engine in database or Engine]
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        Console().print(table_of(rows))


if __name__ == "__main__":
    typer.run(main)
