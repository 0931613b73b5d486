"""Concurrent logins: throughput, and latency of /livez meanwhile."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import httpx
from rich.box import SIMPLE_HEAD
from rich.table import Table

from app.auth.passwords.hashing import password_context
from app.core.config import Settings
from app.main import open_database
from scripts.bench.servers import COMPLETE, TIMEOUT, run_server
from tests.accounts import PASSWORD, make_user
from tests.databases import make_settings

PAUSE = 0.01  # seconds between two requests of /livez


@dataclass(frozen=True)
class Logins:
    """Throughput of concurrent logins, and latency of /livez meanwhile."""

    database: str
    logins_per_second: float
    livez_median_milliseconds: float
    livez_worst_milliseconds: float


def measure_logins(database: str, url: str, users: int) -> Logins:
    asyncio.run(add_users(make_settings(url), users))
    with run_server(COMPLETE, url) as server:
        base_url = f"http://127.0.0.1:{server.port}"
        elapsed, latencies = asyncio.run(log_all_in(base_url, users))
    milliseconds = [seconds * 1000 for seconds in latencies]
    return Logins(database, users / elapsed, median(milliseconds), max(milliseconds))


def email(number: int) -> str:
    return f"user{number}@example.com"


async def add_users(settings: Settings, count: int) -> None:
    """Create the users. They share a password hash, so that this takes no time."""
    digest = password_context.hash(PASSWORD)
    async with open_database(settings) as database, database.writing() as session:
        for number in range(count):
            values = {"email": email(number), "password_hash": digest}
            session.add(make_user(values))


async def log_all_in(url: str, count: int) -> tuple[float, list[float]]:
    """Return the seconds until all are logged in, and those of each /livez."""
    limits = httpx.Limits(max_connections=count + 1)
    async with httpx.AsyncClient(
        base_url=url, limits=limits, timeout=TIMEOUT
    ) as client:
        await probe(client)
        began = perf_counter()
        logins = [asyncio.create_task(log_in(client, each)) for each in range(count)]
        latencies = []
        while not all(each.done() for each in logins):
            latencies.append(await probe(client))
            await asyncio.sleep(PAUSE)
        await asyncio.gather(*logins)
        return perf_counter() - began, latencies


async def log_in(client: httpx.AsyncClient, number: int) -> None:
    form = {"username": email(number), "password": PASSWORD}
    # One address per user, because the login throttle limits each address.
    headers = {"X-Forwarded-For": f"10.0.0.{number}"}
    answer = await client.post("/api/v1/auth/login", data=form, headers=headers)
    answer.raise_for_status()


async def probe(client: httpx.AsyncClient) -> float:
    began = perf_counter()
    (await client.get("/livez")).raise_for_status()
    return perf_counter() - began


def table_of(rows: list[Logins]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("database")
    for title in ("logins/s", "/livez median ms", "/livez worst ms"):
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(row.database, *cells(row))
    return table


def cells(row: Logins) -> Iterator[str]:
    yield f"{row.logins_per_second:.0f}"
    yield f"{row.livez_median_milliseconds:.1f}"
    yield f"{row.livez_worst_milliseconds:.1f}"
