"""Measure the access log: CPU time of a GET with and without it, and loading speed.

python scripts/bench_audit_access.py

Two applications take turns in one process, on SQLite and without a server. The CPU time
includes loading. Files are on the disk.
"""

import asyncio
import os
import secrets
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parents[1]))
# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from app.audit.access.access_log import AccessLog
from app.audit.access.access_row import Outcome, request_values
from app.main import create_app
from scripts.bench.databases import disk
from tests.accounts import root_header
from tests.databases import SqliteTemplate, make_settings

ROUNDS, REQUESTS, ROWS = 60, 400, 50_000
PATH = "/api/v1/products/{}"


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


async def measure_get(apps: dict[str, FastAPI]) -> None:
    first = next(iter(apps.values()))
    pen = b'{"sku": "PEN", "name": "Pen", "price": "1.00"}'
    path = await call(first, make_scope(first, "POST", "/api/v1/products"), pen)
    costs: dict[str, list[float]] = {mode: [] for mode in apps}
    for _ in range(ROUNDS):
        for mode, app in apps.items():
            scope, began = make_scope(app, "GET", path), process_time()
            for _ in range(REQUESTS):
                await call(app, scope)
            await load(app)
            costs[mode].append((process_time() - began) / REQUESTS * 1e6)
    without, log = costs["off"], costs["batch"]
    more = median(b - a for a, b in zip(without, log, strict=True))
    share = more / median(without)
    print(f"A GET: {median(without):.0f} µs; the log: {more:.0f} µs more ({share:.1%})")


async def load(app: FastAPI) -> None:
    log: AccessLog = app.state.access_log
    if log.loader:
        await log.loader.load()


async def measure_loader(app: FastAPI) -> None:
    scope = make_scope(app, "GET", PATH.format("x")) | {"app": app}
    answer = {"status": 200, "bytes": 300, "duration_ms": 1.5}
    log: AccessLog = app.state.access_log
    for _ in range(ROWS):
        row = request_values(scope, datetime.now(UTC))
        log.write(row | answer | {"outcome": Outcome.ANSWERED})
    began = perf_counter()
    await load(app)
    print(f"The loader: {ROWS / (perf_counter() - began):.0f} rows/s")


async def measure(url: str, spool: Path) -> None:
    async with AsyncExitStack() as stack:
        apps = {}
        for mode in ("off", "batch"):
            values = {"AUDIT_ACCESS_MODE": mode, "AUDIT_SPOOL_DIR": spool}
            settings = make_settings(url, **values, LOG_LEVEL="ERROR")
            apps[mode] = create_app(settings)
            await stack.enter_async_context(
                apps[mode].router.lifespan_context(apps[mode])
            )
        await measure_get(apps)
        await measure_loader(apps["batch"])


def main() -> None:
    with disk() as folder, SqliteTemplate(folder / "sqlite").copy() as url:
        asyncio.run(measure(url, folder / "spool"))


if __name__ == "__main__":
    main()
