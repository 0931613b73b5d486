"""Report of the benchmark: one row for each database, operation and variant."""

import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from scripts.bench.rounds import Sample

FigureT = TypeVar("FigureT")


def print_figures(
    rows: list[FigureT], table_of: Callable[[list[FigureT]], Table], *, as_json: bool
) -> None:
    """Print dataclasses as JSON, or as a table with what the figures depend on."""
    if as_json:
        dumped: Any = rows
        print(json.dumps([asdict(each) for each in dumped], indent=2))
        return
    console = Console()
    console.print(table_of(rows))
    python = platform.python_version()
    console.print(
        f"{platform.platform()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, Python {python}"
    )


@dataclass(frozen=True)
class Spread:
    """Median, minimum and maximum of the rounds."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    database: str
    operation: str
    variant: str
    requests_per_second: Spread
    cpu_microseconds: Spread
    p99_milliseconds: Spread
    ratio: Spread  # requests/s divided by the first variant's in the same round
    step: Spread  # requests/s divided by the previous variant's
    share: Spread  # of its CPU time, in percent: what the previous variant does without


def rows_of(
    database: str, operation: str, samples: Mapping[str, Sequence[Sample]]
) -> Iterable[Row]:
    base = before = next(iter(samples.values()))
    for variant, taken in samples.items():
        yield Row(
            database,
            operation,
            variant,
            spread(s.requests_per_second for s in taken),
            spread(s.cpu_microseconds for s in taken),
            spread(s.p99_milliseconds for s in taken),
            ratio(taken, base),
            ratio(taken, before),
            added_share(taken, before),
        )
        before = taken


def ratio(taken: Sequence[Sample], base: Sequence[Sample]) -> Spread:
    pairs = zip(taken, base, strict=True)
    return spread(s.requests_per_second / b.requests_per_second for s, b in pairs)


def added_share(taken: Sequence[Sample], before: Sequence[Sample]) -> Spread:
    pairs = zip(taken, before, strict=True)
    return spread(100 * (1 - b.cpu_microseconds / s.cpu_microseconds) for s, b in pairs)


def spread(values: Iterable[float]) -> Spread:
    ordered = sorted(values)
    return Spread(median(ordered), ordered[0], ordered[-1])


def table_of(rows: Sequence[Row]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for title in ("database", "request", "variant"):
        table.add_column(title, no_wrap=True)
    for title in ("requests/s", "CPU \N{MICRO SIGN}s", "p99 ms", "to first", "CPU %"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        if row.variant == rows[0].variant:
            table.add_section()
        table.add_row(
            row.database,
            row.operation,
            row.variant,
            cell(row.requests_per_second, ".0f"),
            f"{row.cpu_microseconds.median:.0f}",
            f"{row.p99_milliseconds.median:.0f}",
            cell(row.ratio, ".2f"),
            f"{row.share.median:.0f}",
        )
    return table


def cell(spread: Spread, form: str) -> str:
    return f"{spread.median:{form}} ({spread.low:{form}}-{spread.high:{form}})"
