"""Measurements of an export and an import of files, over HTTP."""

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import httpx2

from app.core.db.database import Database
from app.core.db.guarantees.operations import RestoreGuaranteesOp
from app.core.db.guarantees.search_index import DropSearchIndexOp
from app.core.db.ids import uuid7
from scripts.bench.search import TABLE, add_rows, change_schema
from scripts.bench.servers import COMPLETE, Server, run_server
from tests.accounts import root_header
from tests.databases import Engine, make_settings

MEGABYTE = 1e6
PAUSE = 0.02  # in seconds, between two looks at the memory
TIMEOUT = 3_600.0


@dataclass(frozen=True)
class Cost:
    """A measurement; `grown` is by how much the server's memory grew, in megabytes."""

    database: str
    what: str
    rows: int
    rows_per_second: float
    grown: float


async def fill(url: str, rows: int) -> None:
    """Add rows without the audit, and build the search index once."""
    database = Database(make_settings(url, DATABASE_TIMEOUT=300))
    try:
        await change_schema(database, DropSearchIndexOp(TABLE.name))
        await add_rows(database, rows)
        await change_schema(database, RestoreGuaranteesOp(TABLE.name, ()))
    finally:
        await database.close()


def measure(engine: Engine, url: str, imported: int) -> Iterator[Cost]:
    with run_server(COMPLETE, url) as server, client_of(server) as client:
        for query in ("format=jsonl", "format=csv", "format=csv&sort=name"):
            with watch(server) as grown:
                rows, seconds = export(client, query)
            yield Cost(engine, f"export {query}", rows, rows / seconds, grown[0])
        file = make_file(imported)
        for what in ("create", "unchanged", "update"):
            if what == "update":
                file = file.replace(b"1.50", b"2.50")
            with watch(server) as grown:
                seconds = send(client, file)
            yield Cost(engine, f"import {what}", imported, imported / seconds, grown[0])


def client_of(server: Server) -> httpx2.Client:
    base = f"http://127.0.0.1:{server.port}/api/v1/products"
    header = root_header(make_settings("sqlite:///"))
    return httpx2.Client(base_url=base, headers=header, timeout=TIMEOUT)


@contextmanager
def watch(server: Server) -> Iterator[list[float]]:
    """Yield a list that gets the growth of the server's memory, in megabytes."""
    before, ended, peak = server.processes[0].memory_info().rss, threading.Event(), 0
    grown: list[float] = []

    def look() -> None:
        nonlocal peak
        while not ended.wait(PAUSE):
            peak = max(peak, server.processes[0].memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield grown
    finally:
        ended.set()
        watcher.join()
        grown.append(max(peak - before, 0) / MEGABYTE)


def export(client: httpx2.Client, query: str) -> tuple[int, float]:
    began, lines = perf_counter(), 0
    with client.stream("GET", f"/export?{query}") as answer:
        answer.raise_for_status()
        for part in answer.iter_raw():
            lines += part.count(b"\n")
    return lines - ("csv" in query), perf_counter() - began


def make_file(count: int) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("sku", "name", "description", "price", "stock"))
    prefix = uuid7().hex[-8:].upper()
    for number in range(count):
        name = f"Fountain pen {number}"
        writer.writerow((f"{prefix}-{number}", name, "Black", "1.50", number % 100))
    return text.getvalue().encode()


def send(client: httpx2.Client, file: bytes) -> float:
    began = perf_counter()
    kind = {"content-type": "text/csv"}
    answer = client.post("/import?key=sku&atomic=false", content=file, headers=kind)
    answer.raise_for_status()
    return perf_counter() - began
