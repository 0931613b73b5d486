"""Clients of the change feed: one in the test's event loop, one over the network."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from queue import Queue
from threading import Thread
from typing import Any

import httpx2
from fastapi import FastAPI
from starlette.types import Message

from app.audit.cursors import decode_position
from tests.processes.servers import TIMEOUT, Server

PATH = "/api/v1/audit/changes/stream"


@dataclass(frozen=True)
class Event:
    name: str
    id: str
    data: Any

    @classmethod
    def parse(cls, text: str) -> "Event":
        fields = dict(line.split(": ", 1) for line in text.split("\n"))
        return cls(fields["event"], fields["id"], json.loads(fields["data"]))


@dataclass
class Stream:
    """A request to the application, without a server; `read` may be paused."""

    app: FastAPI
    header: dict[str, str]
    query: str = ""
    method: str = "GET"
    messages: list[Message] = field(default_factory=list)
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    taken: int = 0
    pauses: bool = False  # after the first event

    def __post_init__(self) -> None:
        self.reads.set()
        self.task = asyncio.create_task(self.run())

    async def run(self) -> None:
        headers = {"host": "test"} | self.header
        pairs = [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()]
        scope = {
            "type": "http",
            "method": self.method,
            "path": PATH,
            "query_string": self.query.encode(),
            "headers": pairs,
        }
        try:
            await self.app(scope, self.receive, self.send)
        finally:
            self.arrived.set()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        self.messages.append(message)
        if self.pauses and len(self.messages) == 2:
            self.reads.clear()
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.left.set()  # as a server does
        self.arrived.set()

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    def body(self) -> str:
        return b"".join(it.get("body", b"") for it in self.messages).decode()

    def events(self) -> list[Event]:
        return [Event.parse(each) for each in self.body().split("\n\n") if each]

    async def next(self, name: str = "change") -> Event:
        """Wait for the next event of this name; skip others."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                self.arrived.clear()
                events = self.events()
                while self.taken < len(events):
                    self.taken += 1
                    if events[self.taken - 1].name == name:
                        return events[self.taken - 1]
                assert not self.task.done(), self.messages
                await self.arrived.wait()

    def skip(self) -> None:
        """Skip the events that have come."""
        self.taken = len(self.events())

    async def reach(self, cursor: str) -> list[Event]:
        """Return the changes up to this cursor, once a heartbeat is beyond it."""
        while decode_position((await self.next("heartbeat")).id) < decode_position(
            cursor
        ):
            continue
        return [each for each in self.events() if each.name == "change"]

    async def end(self) -> None:
        """Wait until the server ends the stream."""
        async with asyncio.timeout(TIMEOUT):
            await self.task

    async def leave(self) -> None:
        self.left.set()
        await self.end()


@asynccontextmanager
async def opened(
    app: FastAPI,
    header: dict[str, str],
    query: str = "",
    since: str = "",
    *,
    pauses: bool = False,
) -> AsyncIterator[Stream]:
    """Open a stream, and wait for its first event."""
    resumed = {"last-event-id": since} if since else {}
    stream = Stream(app, header | resumed, query, pauses=pauses)
    try:
        async with asyncio.timeout(TIMEOUT):
            while not stream.events() and not stream.task.done():
                await stream.arrived.wait()
                stream.arrived.clear()
        yield stream
    finally:
        await stream.leave()


class Follower:
    """A thread that reads the stream of a server into a queue."""

    def __init__(self, server: Server, since: str = "", query: str = "") -> None:
        self.events: Queue[Event | None] = Queue()
        self.server, self.since, self.query = server, since, query
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        headers = {"last-event-id": self.since} if self.since else {}
        path = f"/audit/changes/stream{self.query}"
        try:
            with (
                self.server.client() as client,
                client.stream("GET", path, headers=headers) as response,
            ):
                assert response.status_code == 200, response.read()
                for event in self.parse(response):
                    self.since = event.id
                    self.events.put(event)
        except httpx2.TransportError:
            pass
        finally:
            self.events.put(None)

    @staticmethod
    def parse(response: httpx2.Response) -> Iterator[Event]:
        lines: list[str] = []
        for line in response.iter_lines():
            if line:
                lines.append(line)
            else:
                yield Event.parse("\n".join(lines))
                lines.clear()

    def next(self, name: str = "change") -> Event | None:
        """Return the next event of this name, or None at the end of the stream."""
        while (event := self.events.get(timeout=TIMEOUT)) and event.name != name:
            continue
        return event


@contextmanager
def following(server: Server, since: str = "", query: str = "") -> Iterator[Follower]:
    """Follow the stream; its first event has come."""
    follower = Follower(server, since, query)
    first = follower.events.get(timeout=TIMEOUT)
    assert first
    follower.since = follower.since or first.id
    yield follower
