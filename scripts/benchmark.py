"""Measure this application against a bare one: requests/s, and CPU per request.

Each runs in a server process of its own, on one core; the driver, and PostgreSQL with
it, have the others. They take turns, round by round, so that a noisy minute is shared.
"""

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))
# Nothing is signed here, yet the settings insist.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.bench.operations import Kind
from scripts.bench.report import Row, rows_of, table_of
from scripts.bench.rounds import Sample, Subject, measure
from scripts.bench.servers import CORES, VARIANTS, pin, serving
from tests.databases import Engine, template_on

Measuring = Callable[[Sequence[Subject], Kind], Mapping[str, Sequence[Sample]]]


@contextmanager
def subjects_on(engine: Engine, count: int) -> Iterator[list[Subject]]:
    """Start every variant, each on a database of its own with so many rows."""
    with ExitStack() as stack:
        template = stack.enter_context(template_on(engine))
        urls = {name: stack.enter_context(template.copy()) for name in VARIANTS}
        servers = (serving(name, url) for name, url in urls.items())
        yield [Subject(stack.enter_context(server), count) for server in servers]


def compare(
    engine: Engine, count: int, kinds: list[Kind], measuring: Measuring
) -> Iterator[Row]:
    with subjects_on(engine, count) as subjects:
        for kind in kinds:
            yield from rows_of(engine, kind, measuring(subjects, kind))


def main(  # noqa: PLR0913, PLR0917  # one for each option
    # Short and many: where a core's speed changes, what is compared lies close in time.
    seconds: Annotated[float, typer.Option(help="How long a round lasts.")] = 0.5,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each server.")] = 30,
    table_rows: Annotated[int, typer.Option(help="Rows to begin with.")] = 1_000,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    only: Annotated[list[Kind] | None, typer.Option(metavar="OPERATION")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare requests/s and CPU per request: what is not named is measured all."""
    pin(os.getpid(), CORES[:-1] or CORES)
    measuring = partial(measure, rounds=rounds, seconds=seconds)
    with Console(stderr=True).status("Measuring"):
        rows = [
            row
            for engine in database or Engine
            for row in compare(engine, table_rows, only or [*Kind], measuring)
        ]
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        Console().print(table_of(rows))


if __name__ == "__main__":
    typer.run(main)
