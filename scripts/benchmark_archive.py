"""Benchmark of the archive: run, query and verify while another client writes.

python scripts/benchmark_archive.py                on SQLite, in a temporary directory
python scripts/benchmark_archive.py --database postgresql
"""

import asyncio
import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Annotated, Any
from uuid import uuid4

import psutil  # type: ignore[import-untyped]  # It brings no types.
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, text

sys.path.insert(0, str(Path(__file__).parents[1]))
# Seals need a signing key; the benchmark does not keep it.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from app.audit.archive.logs import CHANGES
from app.core.db.database import Database
from app.core.db.ids import uuid7
from tests.databases import TEMPLATES, Engine, make_settings
from tests.processes.servers import environment

ROOT = Path(__file__).parents[1]
ENTITIES = [uuid4() for _ in range(10_000)]
ACTORS = [uuid4() for _ in range(50)]
REQUEST = uuid4().hex
CHUNK = 10_000
DAYS = 30
Row = dict[str, Any]


def make_row(number: int, at: datetime) -> Row:
    """Return a change row like that of a PATCH request."""
    before = at - timedelta(seconds=random.uniform(1, 1e6))
    old = {"stock": random.randrange(1_000), "updated_at": before.isoformat()}
    new = {"stock": random.randrange(1_000), "updated_at": at.isoformat()}
    return {
        "id": uuid7(),
        "at": at,
        "request_id": uuid7().hex if number else REQUEST,
        "actor_id": ACTORS[number % 50],
        "actor_label": f"clerk-{number % 50}@example.com",
        "action": "UPDATE",
        "entity": "Product",
        "entity_id": ENTITIES[number % len(ENTITIES)],
        "version": number // len(ENTITIES) + 1,
        "old": old,
        "new": new,
        "reason": None,
    }


async def insert_rows(url: str, count: int) -> None:
    database = Database(make_settings(url, DATABASE_TIMEOUT=120))
    start = datetime.now(UTC) - timedelta(days=400)
    step = timedelta(days=DAYS) / count
    for first in range(0, count, CHUNK):
        last = min(first + CHUNK, count)
        rows = [
            make_row(number, start + step * number) for number in range(first, last)
        ]
        async with database.writing() as session:
            await session.execute(insert(CHANGES.live), rows)
    await database.close()


async def live_bytes(url: str) -> int:
    """Return the size of the change log with its indexes, in bytes."""
    database = Database(make_settings(url, DATABASE_TIMEOUT=120))
    queries = {
        "sqlite": "SELECT page_count * page_size"
        " FROM pragma_page_count, pragma_page_size",
        "postgresql": "SELECT pg_total_relation_size('audit_change')",
    }
    async with database.reading() as session:
        query = queries[database.engine.dialect.name]
        size = await session.scalar(text(query))
    await database.close()
    return int(size or 0)


class Writer(Thread):
    """Insert rows at a steady rate, one per transaction, and time each."""

    def __init__(self, url: str, rate: float) -> None:
        super().__init__()
        self.url = url
        self.rate = rate
        self.waits: list[float] = []
        self.done = Event()

    def run(self) -> None:
        asyncio.run(self.write())

    async def write(self) -> None:
        database = Database(make_settings(self.url, DATABASE_TIMEOUT=30))
        due = time.monotonic()
        while not self.done.is_set():
            began = time.monotonic()
            async with database.writing() as session:
                row = make_row(1, datetime.now(UTC)) | {"entity_id": uuid7()}
                await session.execute(insert(CHANGES.live).values(row))
            self.waits.append(time.monotonic() - began)
            due += 1 / self.rate
            await asyncio.sleep(max(0, due - time.monotonic()))
        await database.close()


@contextmanager
def background_writer(url: str, rate: float) -> Iterator[Writer]:
    writer = Writer(url, rate)
    writer.start()
    try:
        yield writer
    finally:
        writer.done.set()
        writer.join()


def measure_command(url: str, directory: Path, *words: str) -> tuple[float, float]:
    """Run a command; return its duration in seconds and peak memory in MB."""
    command = (sys.executable, "scripts/archive_audit.py", *words)
    began = time.monotonic()
    process = psutil.Popen(
        (*command, "--dest", str(directory)),
        cwd=ROOT,
        env=environment(url),
        stdout=subprocess.DEVNULL,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident_bytes(process))
        time.sleep(0.02)
    if process.returncode:
        sys.exit(f"Command failed: archive_audit.py {' '.join(words)}")
    return time.monotonic() - began, peak / 1_000_000


def resident_bytes(process: psutil.Popen) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def run_benchmark(
    url: str, directory: Path, count: int, pace: tuple[float, float]
) -> dict[str, float]:
    rate, idle_seconds = pace
    asyncio.run(insert_rows(url, count))
    live = asyncio.run(live_bytes(url))
    with background_writer(url, rate) as idle:
        time.sleep(idle_seconds)
    with background_writer(url, rate) as writer:
        seconds, peak = measure_command(
            url, directory, "run", "--table", "changes", "--yes"
        )
    files = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
    found, query_peak = measure_command(
        url, directory, "query", "--entity", "Product", "--id", str(ENTITIES[7])
    )
    other, _ = measure_command(url, directory, "query", "--request", REQUEST)
    verified, verify_peak = measure_command(url, directory, "verify")
    waits = sorted(writer.waits)
    return {
        "rows": count,
        "archived, rows/s": count / seconds,
        "peak memory, MB": peak,
        "writes meanwhile": len(waits),
        "writer's longest wait, ms": waits[-1] * 1000,
        "writer's p99, ms": waits[len(waits) * 99 // 100] * 1000,
        "longest with nothing else, ms": max(idle.waits) * 1000,
        "live, bytes/row": live / count,
        "archived, bytes/row": files / count,
        "query of one entity, s": found,
        "query of one request, s": other,
        "query's peak memory, MB": query_peak,
        "verified, rows/s": count / verified,
        "verify's peak memory, MB": verify_peak,
    }


def main(
    rows: Annotated[
        int, typer.Option(min=1, max=100_000_000, help="Number of old rows.")
    ] = 1_000_000,
    rate: Annotated[
        float, typer.Option(min=0.1, max=10_000, help="Concurrent writes per second.")
    ] = 50.0,
    idle: Annotated[
        float, typer.Option(min=0, max=600, help="Seconds of writes alone first.")
    ] = 5.0,
    database: Annotated[Engine, typer.Option()] = Engine.SQLITE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure run, query and verify while another client writes."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(TemporaryDirectory()))
        template = TEMPLATES[database](root / database)
        stack.callback(template.close)
        url = stack.enter_context(template.copy())
        directory = root / "archive"
        directory.mkdir()
        with Console(stderr=True).status("Measuring"):
            found = run_benchmark(url, directory, rows, (rate, idle))
    if as_json:
        print(json.dumps(found, indent=2))
        return
    table = Table("on " + database, "")
    for name, value in found.items():
        table.add_row(name, f"{value:,.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
