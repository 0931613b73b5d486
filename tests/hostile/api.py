"""ASGI client that sends invalid requests and compares the state before and after."""

import json
import re
from asyncio import Runner
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import process_time
from typing import Any
from urllib.parse import urlencode

from httpx2 import Response
from starlette.types import ASGIApp, Message

from tests.hostile.document import LISTS, RECORDS, SAMPLES, WRITERS, Field, Operation
from tests.slices import SLICES

Headers = tuple[tuple[bytes, bytes], ...]

HOST = (b"host", b"test")
JSON = (b"content-type", b"application/json")
# Statuses of a request that cannot be parsed or validated.
UNREADABLE = {400, 413, 415, 422}


@dataclass(frozen=True)
class Call:
    """A raw request, as a server passes it to the application."""

    method: str
    path: str
    query: bytes = b""
    headers: Headers = (HOST, JSON)
    body: bytes = b""


async def exchange(app: ASGIApp, call: Call) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": call.body}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "query_string": call.query} | vars(call)
    await app(scope, receive, send)
    return sent


class Api:
    """A running application with a record in each collection.

    It is called directly, since an HTTP client would normalise the requests.
    """

    def __init__(self, app: ASGIApp, runner: Runner, token: str) -> None:
        self.app, self.runner = app, runner
        self.credential = (b"authorization", token.encode())
        self.ids: dict[str, str] = {}
        shown = {each.path.rpartition("/")[0] for each in RECORDS}
        for each in WRITERS:
            if each.method == "POST" and each.path in shown:
                self.ids[each.path] = self.send(each, self.example(each)).json()["id"]

    def example(self, operation: Operation) -> dict[str, Any]:
        """Return the smallest valid body, with references to existing records."""
        body = operation.example()
        contract = SLICES.get(operation.path.split("/")[3])
        references = contract.references.items() if contract else ()
        named = {name: f"/api/v1/{other.resource}" for name, other in references}
        return body | {n: self.ids[path] for n, path in named.items() if n in body}

    def call(self, call: Call) -> Response:
        signed = replace(call, headers=(*call.headers, self.credential))
        # Not `Runner.run`, which sets a signal handler each time.
        loop = self.runner.get_loop()
        start, *parts = loop.run_until_complete(exchange(self.app, signed))
        body = b"".join(part.get("body", b"") for part in parts)
        return Response(start["status"], headers=start["headers"], content=body)

    def address(self, operation: Operation) -> str:
        """Return the operation's path with the id of an existing record."""
        id = self.ids.get(operation.path.partition("/{")[0], SAMPLES["uuid"])
        return re.sub(r"{\w+}", id, operation.path)

    def send(self, operation: Operation, body: Any) -> Response:
        """Send this body; bytes are sent unchanged."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call(Call(operation.method, self.address(operation), body=raw))

    def send_field(self, field: Field, value: Any) -> Response:
        """Send an otherwise valid body with this value of one field."""
        body = self.example(field.operation) | {field.name: value}
        return self.send(field.operation, body)

    def query(self, operation: Operation, query: bytes | dict[str, Any]) -> Response:
        """Send these parameters and the required ones; bytes are sent unchanged."""
        if isinstance(query, dict):
            query = urlencode(operation.required | query).encode()
        return self.call(Call(operation.method, self.address(operation), query))

    def get_record(self, operation: Operation) -> Response:
        """Get the record of the operation's path."""
        record = "".join(operation.path.partition("}")[:2])
        return self.call(Call("GET", self.address(replace(operation, path=record))))

    def snapshot(self, operation: Operation) -> list[Any]:
        """Return the collection's first page and total, and the record of the path.

        The entries of the audit log have no address of their own; it grows meanwhile.
        """
        if operation.path.startswith("/api/v1/audit/"):
            return []
        about = [each for each in LISTS if operation.path.startswith(each.path)]
        lists = [self.query(each, {"limit": 3}).json() for each in about]
        return (
            [*lists, self.get_record(operation).json()]
            if "{" in operation.path
            else lists
        )

    @contextmanager
    def unchanged(self, operation: Operation) -> Iterator[None]:
        """Fail if the block changes the operation's collection."""
        before = self.snapshot(operation)
        yield
        assert self.snapshot(operation) == before


@contextmanager
def within_cpu_limit() -> Iterator[None]:
    """Fail if the block uses a second of CPU time; time spent waiting is ignored."""
    began = process_time()
    yield
    assert process_time() - began < 1.0  # known attacks took five


def is_rejected(answer: Response) -> bool:
    """Return whether the request was rejected as unreadable, with a problem."""
    if answer.status_code not in UNREADABLE:
        return False
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["x-request-id"]
    return True


def is_processed(answer: Response) -> bool:
    """Return whether the request was readable, and caused no server error."""
    return answer.status_code not in UNREADABLE and answer.status_code < 500
