"""Benchmark of the archive: seal, run, query and verify, and of the self-check.

python scripts/benchmark_archive.py                on SQLite, in a temporary directory
python scripts/benchmark_archive.py --database postgresql

Half of the rows is sealed and archived on an idle server, the other half while another
client writes. The self-check reads other records, with three changes each. Both
databases sync their commits to the disk as in production.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
# Seals need a signing key; the benchmark does not keep it.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from scripts.bench.archive.commands import Commands, Measured
from scripts.bench.archive.records import VERSIONS, insert_records
from scripts.bench.archive.rows import (
    ENTITIES,
    REQUEST,
    first_day,
    insert_rows,
    leaf_bytes,
    live_bytes,
)
from scripts.bench.archive.writer import background_writer
from scripts.bench.databases import disk, synced_template
from tests.databases import Engine

Values = dict[str, float]


def seal_and_archive(commands: Commands, half: int, count: int) -> Values:
    """Seal and archive one half of the rows; return the rates."""
    sealed = commands.seal().output
    before = asyncio.run(leaf_bytes(commands.url))
    until = f"{first_day(half + 1):%Y-%m-%d}"
    words = ("run", "--table", "changes", "--yes", "--until", until)
    run = commands.archive(*words)
    archived = run.output["changes"]["rows"]
    if archived != count:
        sys.exit(f"{archived} of {count} rows were archived")
    after = asyncio.run(leaf_bytes(commands.url))
    return {
        "leaves, bytes/row": before / count,
        "leaves after the run, bytes/row": after / count,
        "sealed, rows/s": sealed["rows"] / sealed["seconds"],
        "archived, rows/s": archived / run.seconds,
        "archiver's CPU, µs/row": run.cpu / archived * 1e6,
        "archiver's peak memory, MB": run.peak,
    }


def measure_writes(commands: Commands, count: int, rate: float, idle: float) -> Values:
    """Seal and archive the second half of the rows while another client writes."""
    with background_writer(commands.url, rate) as alone:
        time.sleep(idle)
    with background_writer(commands.url, rate) as beside:
        found = seal_and_archive(commands, 1, count)
    return {f"{name}, with writes": value for name, value in found.items()} | {
        "writes": len(beside.seconds),
        "writer's p99 alone, ms": alone.p99,
        "writer's p99, ms": beside.p99,
        "writer's longest alone, ms": alone.longest,
        "writer's longest, ms": beside.longest,
    }


def measure_reads(commands: Commands, count: int) -> Values:
    entity = ("query", "--entity", "Product", "--id", str(ENTITIES[7]))
    found: list[Measured] = [
        commands.archive(*words)
        for words in (entity, ("query", "--request", REQUEST), ("verify",))
    ]
    return {
        "query of one entity, s": found[0].seconds,
        "query of one request, s": found[1].seconds,
        "query's peak memory, MB": found[0].peak,
        "verified, rows/s": count / found[2].seconds,
        "verify's peak memory, MB": found[2].peak,
    }


def measure_check(commands: Commands, count: int) -> Values:
    asyncio.run(insert_records(commands.url, count))
    done = commands.check()
    return {
        "records checked": count,
        "changes checked": count * VERSIONS,
        "self-check, s": done.seconds,
        "self-check's CPU, s": done.cpu,
        "self-check's peak memory, MB": done.peak,
    }


def run_benchmark(commands: Commands, rows: int, rate: float, idle: float) -> Values:
    half = rows // 2
    asyncio.run(insert_rows(commands.url, 0, half))
    live = asyncio.run(live_bytes(commands.url))
    found = seal_and_archive(commands, 0, half)
    asyncio.run(insert_rows(commands.url, 1, half))
    found |= measure_writes(commands, half, rate, idle)
    files = [file for file in commands.directory.rglob("*") if file.is_file()]
    sizes = {
        "live, bytes/row": live / half,
        "archived, bytes/row": sum(file.stat().st_size for file in files) / half / 2,
    }
    return {"rows": half * 2} | found | sizes | measure_reads(commands, half * 2)


def main(  # noqa: PLR0913, they are options
    *,
    rows: Annotated[
        int, typer.Option(min=2, max=100_000_000, help="Number of old rows.")
    ] = 1_000_000,
    records: Annotated[
        int, typer.Option(min=0, max=100_000_000, help="Number of records to check.")
    ] = 100_000,
    rate: Annotated[
        float, typer.Option(min=0.1, max=10_000, help="Concurrent writes per second.")
    ] = 50.0,
    idle: Annotated[
        float, typer.Option(min=0, max=600, help="Seconds of writes alone first.")
    ] = 5.0,
    database: Annotated[Engine, typer.Option()] = Engine.SQLITE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure sealing, run, query and verify, with and without writes; the check."""
    with ExitStack() as stack:
        template = stack.enter_context(synced_template(database))
        url = stack.enter_context(template.copy())
        directory = stack.enter_context(disk())
        with Console(stderr=True).status("Measuring"):
            found = run_benchmark(Commands(url, directory), rows, rate, idle)
            if records:
                other = stack.enter_context(template.copy())
                found |= measure_check(Commands(other, directory), records)
    if as_json:
        print(json.dumps(found, indent=2))
        return
    table = Table("on " + database, "")
    for name, value in found.items():
        table.add_row(name, f"{value:,.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
