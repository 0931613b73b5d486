"""Measure this application against a bare one: requests/s, and CPU per request.

Each runs in a server process of its own, on one core; the driver, and PostgreSQL with
it, have the others. They take turns, round by round, so that a noisy minute is shared.
"""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))
# Nothing is signed here, yet the settings insist.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.bench.operations import Kind
from scripts.bench.report import Row, rows_of, table_of
from scripts.bench.rounds import Subject, measure
from scripts.bench.servers import CORES, VARIANTS, pin, serving
from tests.databases import Engine, template_on


@contextmanager
def subjects_on(engine: Engine) -> Iterator[list[Subject]]:
    """Start every variant, each on a database of its own."""
    with ExitStack() as stack:
        template = stack.enter_context(template_on(engine))
        urls = {name: stack.enter_context(template.copy()) for name in VARIANTS}
        servers = (serving(name, url) for name, url in urls.items())
        yield [Subject(stack.enter_context(server)) for server in servers]


def compare(
    engine: Engine, kinds: list[Kind], rounds: int, seconds: float
) -> Iterator[Row]:
    with subjects_on(engine) as subjects:
        for kind in kinds:
            samples = measure(subjects, kind, rounds, seconds)
            yield from rows_of(engine, kind, samples)


def main(
    # Short and many: where a core's speed changes, what is compared lies close in time.
    seconds: Annotated[float, typer.Option(help="How long a round lasts.")] = 0.5,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each server.")] = 30,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    only: Annotated[list[Kind] | None, typer.Option(metavar="OPERATION")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare requests/s and CPU per request: what is not named is measured all."""
    pin(os.getpid(), CORES[:-1] or CORES)
    with Console(stderr=True).status("Measuring"):
        rows = [
            row
            for engine in database or Engine
            for row in compare(engine, only or [*Kind], rounds, seconds)
        ]
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        Console().print(table_of(rows))


if __name__ == "__main__":
    typer.run(main)
