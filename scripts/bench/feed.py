"""Cost and delay of the change feed: raw clients of it, and the server's process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from statistics import median, quantiles
from time import perf_counter, sleep
from uuid import uuid4

import httpx2

from scripts.bench.operations import message, product
from scripts.bench.servers import TIMEOUT, Server
from tests.accounts import add_account
from tests.databases import Engine, make_settings

PATH = "/api/v1/audit/changes/stream"
STREAMS_OF_USER = 50
PAUSE = 0.02  # seconds between two changes, each of which is then read by itself


@dataclass(frozen=True)
class Feeds:
    """A row of the table: the server with this number of open feeds."""

    database: str
    feeds: int
    memory_kib: float  # of a feed
    idle_percent: float  # of a core
    patch_cpu: float  # microseconds
    delay: float  # milliseconds
    slow_delay: float  # of the slowest 5 %


@dataclass(frozen=True)
class Watchers:
    """All open feeds."""

    events: asyncio.Queue[None]
    count: int

    async def wait(self) -> float:
        """Wait until each feed has a change; return the milliseconds."""
        start = perf_counter()
        for _ in range(self.count):
            await self.events.get()
        return 1_000 * (perf_counter() - start)


@asynccontextmanager
async def opened(
    server: Server, tokens: list[str]
) -> AsyncIterator[asyncio.Queue[None]]:
    """Open a feed with each token; queue an item for each event of a change."""
    events = asyncio.Queue[None]()
    feeds = [await open_feed(server, token) for token in tokens]
    tasks = [asyncio.create_task(read(reader, events)) for reader, _ in feeds]
    try:
        yield events
    finally:
        for task in tasks:
            task.cancel()
        for _, writer in feeds:
            writer.close()


async def read(reader: asyncio.StreamReader, events: asyncio.Queue[None]) -> None:
    while line := await reader.readline():
        if line == b"event: change\n":
            events.put_nowait(None)


async def open_feed(
    server: Server, token: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a stream; return when its first event has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(message(replace(server.api, token=token), "GET", PATH))
    while not (line := await reader.readline()).startswith(b"data:"):
        if not line:
            raise RuntimeError("The feed was not opened")
    return reader, writer


def make_tokens(url: str, count: int) -> list[str]:
    """Return a token for each stream, as a user may have 50 streams only."""
    settings, tokens = make_settings(url), list[str]()
    for number in range(0, count, STREAMS_OF_USER):
        email = f"feed-{number}-{uuid4()}@example.com"
        account = add_account(settings, "audit:read", email=email)
        size = min(STREAMS_OF_USER, count - number)
        tokens += [account.header["authorization"]] * size
    return tokens


def memory(server: Server) -> float:
    return float(server.processes[0].memory_info().rss) / 1024


async def measure(
    server: Server, url: str, database: Engine, feeds: int, work: tuple[int, float]
) -> Feeds:
    """Measure with this number of feeds: so many changes, then idle for a while."""
    changes, seconds = work
    tokens = await asyncio.to_thread(make_tokens, url, feeds)
    before = memory(server)
    async with opened(server, tokens) as events:
        grown = memory(server) - before
        idle = await asyncio.to_thread(idle_percent, server, seconds)
        cpu, delays = await change(server, Watchers(events, feeds), changes)
    share = grown / feeds if feeds else 0.0
    return Feeds(database.value, feeds, share, idle, cpu, *delays)


def idle_percent(server: Server, seconds: float) -> float:
    start = server.cpu_seconds()
    sleep(seconds)
    return 100 * (server.cpu_seconds() - start) / seconds


async def change(
    server: Server, watchers: Watchers, changes: int
) -> tuple[float, tuple[float, float]]:
    """Return CPU time of a PATCH, and the delays until the last feed has it."""
    # With two processes, not the one that has the feeds.
    url = f"http://{server.address.hosts[-1]}:{server.port}{server.api.path}"
    header = {"authorization": server.api.token, "host": "localhost"}
    async with httpx2.AsyncClient(headers=header, timeout=TIMEOUT) as client:
        pen = (await client.post(url, json=product(0))).raise_for_status().json()
        await watchers.wait()
        start, delays = server.cpu_seconds(), list[float]()
        for stock in range(1, changes + 1):
            patched = await client.patch(f"{url}/{pen['id']}", json={"stock": stock})
            patched.raise_for_status()
            delays.append(await watchers.wait())
            await asyncio.sleep(PAUSE)
    cpu = server.cpu_since(start) / changes * 1e6
    return cpu, (median(delays), quantiles(delays, n=20)[-1])
