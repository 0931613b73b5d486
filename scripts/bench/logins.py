"""A crowd that signs in at once: how fast, and whether anybody else is held up."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import httpx
from rich.box import SIMPLE_HEAD
from rich.table import Table

from app.auth.passwords.hashing import passwords
from app.core.config import Settings
from app.main import open_database
from scripts.bench.servers import OURS, PATIENCE, serving
from tests.accounts import PASSWORD, make_user
from tests.databases import make_settings

PAUSE = 0.01  # between two looks at /livez, in seconds


@dataclass(frozen=True)
class Logins:
    """How fast a crowd gets in, and how long /livez takes meanwhile."""

    database: str
    logins_per_second: float
    livez_median_milliseconds: float
    livez_worst_milliseconds: float


def measure_logins(database: str, url: str, crowd: int) -> Logins:
    asyncio.run(add_crowd(make_settings(url), crowd))
    with serving(OURS, url) as server:
        elapsed, seen = asyncio.run(sign_in(f"http://127.0.0.1:{server.port}", crowd))
    return Logins(database, crowd / elapsed, median(seen) * 1000, max(seen) * 1000)


def email(number: int) -> str:
    return f"crowd{number}@example.com"


async def add_crowd(settings: Settings, crowd: int) -> None:
    """Make as many accounts; they share one hash, which costs what a hash does."""
    digest = passwords.hash(PASSWORD)
    async with open_database(settings) as database, database.writing() as session:
        for number in range(crowd):
            values = {"email": email(number), "password_hash": digest}
            session.add(make_user(values))


async def sign_in(url: str, count: int) -> tuple[float, list[float]]:
    """Return how long it takes until all are in, and how long each /livez took."""
    everybody = httpx.Limits(max_connections=count + 1)
    async with httpx.AsyncClient(
        base_url=url, limits=everybody, timeout=PATIENCE
    ) as client:
        await look(client)
        began = perf_counter()
        crowd = [asyncio.create_task(enter(client, each)) for each in range(count)]
        seen = []
        while not all(each.done() for each in crowd):
            seen.append(await look(client))
            await asyncio.sleep(PAUSE)
        await asyncio.gather(*crowd)
        return perf_counter() - began, seen


async def enter(client: httpx.AsyncClient, number: int) -> None:
    form = {"username": email(number), "password": PASSWORD}
    # Each from an address of her own, for one alone would be held up.
    headers = {"X-Forwarded-For": f"10.0.0.{number}"}
    answer = await client.post("/api/v1/auth/login", data=form, headers=headers)
    answer.raise_for_status()


async def look(client: httpx.AsyncClient) -> float:
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
