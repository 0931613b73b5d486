"""The driver: HTTP/1.1 over raw sockets, for a few microseconds a request."""

import asyncio
import re
from collections.abc import Iterator
from time import perf_counter
from typing import NamedTuple

CONNECTIONS = 16
END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class WrongAnswerError(RuntimeError):
    """A server has not answered as it must: what was measured means nothing."""


class Load(NamedTuple):
    """What all connections send together, what they must be told, and how long."""

    requests: Iterator[bytes]
    status: int
    seconds: float


class Outcome(NamedTuple):
    answered: int
    seconds: float


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered in full."""

    def __init__(self, load: Load) -> None:
        self.requests = load.requests
        self.expected = f"HTTP/1.1 {load.status} ".encode()
        self.answered = 0
        self.received = bytearray()
        self.size = 0  # of the response under way, once its head is there
        self.closed = asyncio.get_running_loop().create_future()

    def start(self, transport: asyncio.Transport, deadline: float) -> None:
        self.transport, self.deadline = transport, deadline
        self.send_next()

    def send_next(self) -> None:
        if request := next(self.requests, None):
            self.transport.write(request)
        else:
            self.finish()

    def finish(self) -> None:
        self.closed.set_result(self.answered)
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.size:
            self.size = self.measure()
        if 0 < self.size <= len(self.received):
            self.answered += 1
            self.received.clear()
            self.size = 0
            if perf_counter() < self.deadline:
                self.send_next()
            else:
                self.finish()

    def measure(self) -> int:
        """Return the size of the whole response, or 0 while its head is incomplete."""
        end = self.received.find(END)
        if end < 0:
            return 0
        length = LENGTH.search(self.received, 0, end)
        if length is None or not self.received.startswith(self.expected):
            self.transport.abort()
            self.fail(f"{self.expected!r} was expected, not {bytes(self.received)!r}")
            return 0
        return end + len(END) + int(length[1])

    def connection_lost(self, error: Exception | None) -> None:
        self.fail(f"The server has hung up: {error}")

    def fail(self, reason: str) -> None:
        if not self.closed.done():
            self.closed.set_exception(WrongAnswerError(reason))


async def drive(port: int, load: Load) -> Outcome:
    """Put a server under load. It answers as it must, or this raises."""
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(load), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    begin = perf_counter()
    try:
        for transport, connection in made:
            connection.start(transport, begin + load.seconds)
        answered = sum(await asyncio.gather(*(one.closed for _, one in made)))
    finally:
        for transport, _ in made:
            transport.abort()
    return Outcome(answered, perf_counter() - begin)
