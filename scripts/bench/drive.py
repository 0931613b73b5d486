"""Load driver: HTTP/1.1 over asyncio transports, at a few microseconds per request."""

import asyncio
import re
from collections.abc import Iterator
from itertools import chain, cycle, islice
from time import perf_counter
from typing import NamedTuple

CONNECTIONS = 16
LOCALHOST = "127.0.0.1"
# In seconds, before the first request: uvloop accepts one connection in each iteration
# of its loop, so a busy server would serve some of them much later.
SETTLE = 0.2
END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
NO_CONTENT = b"HTTP/1.1 204 "
LAST_CHUNK = b"\r\n0\r\n\r\n"


class WrongAnswerError(RuntimeError):
    """Unexpected response. The measurement is invalid."""


class Address(NamedTuple):
    """A port of several hosts, which take turns with connections."""

    port: int
    hosts: tuple[str, ...] = (LOCALHOST,)


class Load(NamedTuple):
    """Requests of all connections, expected status, and duration in seconds."""

    requests: Iterator[bytes]
    status: int
    seconds: float
    connections: int = CONNECTIONS


class Outcome(NamedTuple):
    answered: int
    seconds: float
    latencies: list[float]  # seconds, of all requests


class Connection(asyncio.Protocol):
    """Connection that sends a request when the previous response is complete."""

    def __init__(self, load: Load) -> None:
        self.requests = load.requests
        self.expected = f"HTTP/1.1 {load.status} ".encode()
        self.latencies: list[float] = []
        self.received = bytearray()
        self.size = 0  # of the current response; 0 until its header is complete
        self.closed = asyncio.get_running_loop().create_future()

    def start(self, transport: asyncio.Transport, deadline: float) -> None:
        self.transport, self.deadline = transport, deadline
        self.send_next()

    def send_next(self) -> None:
        if request := next(self.requests, None):
            self.sent = perf_counter()
            self.transport.write(request)
        else:
            self.finish()

    def finish(self) -> None:
        self.closed.set_result(self.latencies)
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.size:
            self.size = self.measure()
        if 0 < self.size <= len(self.received):
            now = perf_counter()
            self.latencies.append(now - self.sent)
            self.received.clear()
            self.size = 0
            if now < self.deadline:
                self.send_next()
            else:
                self.finish()

    def measure(self) -> int:
        """Return the size of the response, or 0 while it is unknown."""
        end = self.received.find(END)
        if end < 0:
            return 0
        is_expected = self.received.startswith(self.expected)
        if is_expected and self.expected == NO_CONTENT:
            return end + len(END)
        if is_expected and (length := LENGTH.search(self.received, 0, end)):
            return end + len(END) + int(length[1])
        if is_expected and CHUNKED.search(self.received, 0, end):
            return len(self.received) if self.received.endswith(LAST_CHUNK) else 0
        self.transport.abort()
        self.fail(f"Expected {self.expected!r}, got {bytes(self.received)!r}")
        return 0

    def connection_lost(self, error: Exception | None) -> None:
        self.fail(f"The server closed the connection: {error}")

    def fail(self, reason: str) -> None:
        if not self.closed.done():
            self.closed.set_exception(WrongAnswerError(reason))


async def drive(address: Address, load: Load) -> Outcome:
    """Send the load to a server.

    Raises:
        WrongAnswerError: a response has another status, or no end.
    """
    loop = asyncio.get_running_loop()
    hosts = islice(cycle(address.hosts), load.connections)
    connections = [
        await loop.create_connection(lambda: Connection(load), host, address.port)
        for host in hosts
    ]
    await asyncio.sleep(SETTLE)
    begin = perf_counter()
    try:
        for transport, connection in connections:
            connection.start(transport, begin + load.seconds)
        found = await asyncio.gather(*(one.closed for _, one in connections))
    finally:
        for transport, _ in connections:
            transport.abort()
    latencies = list(chain.from_iterable(found))
    return Outcome(len(latencies), perf_counter() - begin, latencies)
