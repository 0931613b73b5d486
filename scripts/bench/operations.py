"""Measured operations, each an endless stream of requests."""

import json
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import count, cycle, repeat
from typing import Any, NamedTuple

from scripts.bench.api import Api


class Kind(StrEnum):
    GET = "get"
    LIST = "list"
    PATCH = "patch"
    POST = "post"


class Operation(NamedTuple):
    """Expected status, and a function from product ids to a stream of requests."""

    status: int
    stream: Callable[[Sequence[str]], Iterator[bytes]]


def message(api: Api, method: str, path: str, body: Any = None) -> bytes:
    """Return the bytes of an HTTP/1.1 request."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {api.token}\r\n"
        f"{api.headers}"
    )
    if body is None:
        return f"{head}\r\n".encode()
    content = json.dumps(body)
    kind = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return f"{head}{kind}\r\n{content}".encode()


def operations_of(api: Api) -> dict[Kind, Operation]:
    """Return the operations. POST comes last, because it grows the table."""

    def get_one(ids: Sequence[str]) -> Iterator[bytes]:
        return cycle([message(api, "GET", f"{api.path}/{id}") for id in ids])

    def list_50(_: Sequence[str]) -> Iterator[bytes]:
        return repeat(message(api, "GET", api.page_path(50)))

    def update(ids: Sequence[str]) -> Iterator[bytes]:
        # An increasing number, so that each request changes its row.
        for stock, id in enumerate(cycle(ids), start=1):
            yield message(api, "PATCH", f"{api.path}/{id}", {"stock": stock})

    def create(ids: Sequence[str]) -> Iterator[bytes]:
        for number in count(len(ids)):
            yield message(api, "POST", api.path, product(number))

    return {
        Kind.GET: Operation(200, get_one),
        Kind.LIST: Operation(200, list_50),
        Kind.PATCH: Operation(200, update),
        Kind.POST: Operation(api.created, create),
    }


def product(number: int) -> dict[str, Any]:
    return {
        "sku": f"BENCH-{number:08}",
        "name": f"Fountain pen {number:08}",
        "description": "Black, medium nib, refillable; comes in a box of its own.",
        "price": f"{number % 900 + 100}.50",
        "stock": 0,
        "is_active": True,
    }
