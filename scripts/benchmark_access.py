"""Measure the access log: CPU time of a GET with and without it, and of its loader.

python scripts/benchmark_access.py

Two applications take turns in one process, on SQLite and without a server. The
request's own time and the loader's are measured apart. Files are on the disk.
"""

import asyncio
import os
import secrets
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parents[1]))
# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from app.audit.access.access_log import AccessLog
from app.main import create_app
from scripts.bench.databases import disk
from tests.accounts import root_header
from tests.databases import SqliteTemplate, make_settings

ROUNDS, REQUESTS = 60, 400


def make_scope(app: FastAPI, method: str, path: str) -> dict[str, Any]:
    token = root_header(app.state.settings)["authorization"].encode()
    headers = [(b"host", b"test"), (b"authorization", token), (b"user-agent", b"bench")]
    headers.append((b"content-type", b"application/json"))
    scope = {"type": "http", "http_version": "1.1", "method": method, "path": path}
    return scope | {"headers": headers, "query_string": b"", "client": ("::1", 1)}


async def call(app: FastAPI, scope: dict[str, Any], body: bytes = b"") -> str:
    """Send a request to the application; return the Location header, if any."""
    locations: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        locations.extend(v for k, v in message.get("headers", ()) if k == b"location")

    await app(dict(scope, app=app), receive, send)
    return b"".join(locations).decode()


async def measure_get(apps: dict[str, FastAPI], rounds: int) -> dict[str, list[float]]:
    """Return the CPU time of each round, in µs for one request."""
    first = next(iter(apps.values()))
    pen = b'{"sku": "PEN", "name": "Pen", "price": "1.00"}'
    path = await call(first, make_scope(first, "POST", "/api/v1/products"), pen)
    costs: dict[str, list[float]] = {"off": [], "batch": [], "loader": []}
    for _ in range(rounds):
        for mode, app in apps.items():
            scope, began = make_scope(app, "GET", path), process_time()
            for _ in range(REQUESTS):
                await call(app, scope)
            costs[mode].append((process_time() - began) / REQUESTS * 1e6)
        began = process_time()
        await load(apps["batch"])
        costs["loader"].append((process_time() - began) / REQUESTS * 1e6)
    return costs


def show(costs: dict[str, list[float]]) -> None:
    """Print the medians of the rounds, in µs for one request."""
    without, loader = median(costs["off"]), median(costs["loader"])
    more = median(b - a for a, b in zip(costs["off"], costs["batch"], strict=True))
    print(f"A GET without the log: {without:.0f} µs")
    print(f"The log, in the request: {more:.0f} µs more ({more / without:.1%})")
    print(f"The loader, later: {loader:.0f} µs ({loader / without:.1%})")


async def load(app: FastAPI) -> None:
    log: AccessLog = app.state.access_log
    if log.loader:
        await log.loader.load()


async def measure(
    url: str, spool: Path, rounds: int = ROUNDS
) -> dict[str, list[float]]:
    async with AsyncExitStack() as stack:
        apps = {}
        for mode in ("off", "batch"):
            values = {"AUDIT_ACCESS_MODE": mode, "AUDIT_SPOOL_DIR": spool}
            settings = make_settings(url, **values, LOG_LEVEL="ERROR")
            apps[mode] = create_app(settings)
            await stack.enter_async_context(
                apps[mode].router.lifespan_context(apps[mode])
            )
        return await measure_get(apps, rounds)


def main() -> None:
    with disk() as folder, SqliteTemplate(folder / "sqlite").copy() as url:
        show(asyncio.run(measure(url, folder / "spool")))


if __name__ == "__main__":
    main()
