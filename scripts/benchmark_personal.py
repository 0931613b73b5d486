"""Measure what the encryption of personal values costs: CPU time of a request.

Two applications in this process take turns with each request, so that other work of the
machine is shared; one has PERSONAL_KEYS_URL. Medians, without HTTP and the driver.
"""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
# The settings require a secret, but nothing is signed here.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from app.audit.personal.keys import keys_at
from app.main import create_app
from scripts.bench.databases import synced_template
from scripts.bench.operations import product
from scripts.bench.report import print_figures
from tests.accounts import root_header
from tests.databases import IN_MEMORY, Engine, Template, make_settings

WARM_UP = 100
Body = dict[str, Any]


@dataclass(frozen=True)
class Cost:
    database: str
    operation: str
    clear: float  # microseconds
    encrypted: float
    ratio: float


class Caller:
    """A client of an application in this process."""

    def __init__(self, app: Any, headers: dict[str, str]) -> None:
        self.app = app
        names = headers | {"host": "test", "content-type": "application/json"}
        self.headers = [(k.lower().encode(), v.encode()) for k, v in names.items()]
        self.costs: list[float] = []

    async def send(self, method: str, path: str, body: Body | None) -> Any:
        """Send a request, add its CPU time in microseconds, return the response."""
        content, messages = json.dumps(body).encode() if body else b"", list[Any]()
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": f"/api/v1/{path}",
            "raw_path": f"/api/v1/{path}".encode(),
            "query_string": b"",
            "headers": self.headers,
            "client": ("127.0.0.1", 1),
            "scheme": "http",
        }

        async def receive() -> Body:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        started = process_time()
        await self.app(scope, receive, send)
        self.costs.append((process_time() - started) * 1e6)
        if messages[0]["status"] >= 400:
            raise RuntimeError(messages)
        return json.loads(b"".join(each.get("body", b"") for each in messages))


@asynccontextmanager
async def opened(template: Template, keys: str) -> AsyncIterator[Caller]:
    with template.copy() as url:
        settings = make_settings(url, PERSONAL_KEYS_URL=keys, LOG_LEVEL="ERROR")
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            yield Caller(app, root_header(settings))


def customer(number: int) -> Body:
    return {
        "name": f"Ada Lovelace {number:06}",
        "email": f"ada.{number:06}@example.com",
        "phone": "+442071838750",
        "notes": "Prefers the telephone, in the morning",
    }


async def measure(template: Template, engine: Engine, count: int) -> list[Cost]:
    with TemporaryDirectory(dir=IN_MEMORY) as folder:
        keys = f"sqlite:///{folder}/keys.db"
        keys_at(keys).store.create()
        async with AsyncExitStack() as stack:
            pair = [
                await stack.enter_async_context(opened(template, url))
                for url in ("", keys)
            ]
            return [
                await cost_of(pair, engine, name, count)
                for name in ("POST customers", "PATCH customers", "POST products")
            ]


async def cost_of(
    pair: list[Caller], engine: Engine, operation: str, count: int
) -> Cost:
    method, path = operation.split()
    paths = [path for _ in pair]
    if method == "PATCH":
        made = [await it.send("POST", path, customer(10**6)) for it in pair]
        paths = [f"{path}/{UUID(each['id'])}" for each in made]
    for caller in pair:
        caller.costs.clear()
    for number in range(count):
        body = product(number) if path == "products" else customer(number)
        body = {"name": body["name"]} if method == "PATCH" else body
        for caller, own in zip(pair, paths, strict=True):
            await caller.send(method, own, body)
    clear, encrypted = (median(it.costs[WARM_UP:]) for it in pair)
    return Cost(engine, operation, clear, encrypted, encrypted / clear)


def table_of(costs: list[Cost]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for title in ("database", "operation"):
        table.add_column(title)
    for title in ("in clear, CPU µs", "encrypted, CPU µs", "ratio"):
        table.add_column(title, justify="right")
    for it in costs:
        figures = f"{it.clear:.0f}", f"{it.encrypted:.0f}", f"{it.ratio:.3f}"
        table.add_row(it.database, it.operation, *figures)
    return table


def main(
    count: Annotated[int, typer.Option(min=200, max=100_000)] = 2_000,
    database: Annotated[list[Engine] | None, typer.Option()] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the CPU time of requests without and with the keys."""
    costs: list[Cost] = []
    for engine in database or Engine:
        with synced_template(engine) as template:
            costs += asyncio.run(measure(template, engine, count))
    print_figures(costs, table_of, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
