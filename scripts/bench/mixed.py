"""Latencies of reads from many connections, beside long lists and searches."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat

from rich.box import SIMPLE_HEAD
from rich.table import Table

from scripts.bench.drive import Load, drive
from scripts.bench.operations import Kind, message
from scripts.bench.rounds import Subject

CONNECTIONS = 200
LONG_LIST = 200  # rows
SEARCH = "&q=qz"  # too short for the index: compares every row


@dataclass(frozen=True)
class Latency:
    """Latencies of one kind of request, in milliseconds."""

    database: str
    requests: str
    per_second: float
    median: float
    p99: float

    @property
    def bound(self) -> float:
        """The p99 of reads of one record should be below three medians and 20 ms."""
        return 3 * self.median + 20


async def drive_all(subject: Subject, seconds: float) -> list[Latency]:
    """Send all loads at once; return the latencies of each."""
    loads = loads_of(subject, seconds)
    address = subject.server.address
    done = await asyncio.gather(*(drive(address, load) for load in loads.values()))
    found = []
    for name, outcome in zip(loads, done, strict=True):
        ordered = sorted(each * 1000 for each in outcome.latencies)
        middle, last = (ordered[len(ordered) * part // 100] for part in (50, 99))
        speed = len(ordered) / outcome.seconds
        found.append(Latency(subject.server.name, name, speed, middle, last))
    return found


def loads_of(subject: Subject, seconds: float) -> Mapping[str, Load]:
    api = subject.server.api
    long_list = api.page_path(LONG_LIST)
    search = repeat(message(api, "GET", api.page_path(50) + SEARCH))
    return {
        "one record": Load(subject.streams[Kind.GET], 200, seconds, CONNECTIONS),
        f"list of {LONG_LIST}": Load(
            repeat(message(api, "GET", long_list)), 200, seconds, 1
        ),
        "search": Load(search, 200, seconds, 1),
    }


def latencies_table(rows: list[Latency]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for title in ("database", "request", "requests/s", "median ms", "p99 ms", "bound"):
        table.add_column(title)
    for row in rows:
        numbers = (row.per_second, row.median, row.p99, row.bound)
        table.add_row(row.database, row.requests, *(f"{each:.0f}" for each in numbers))
    return table
