"""The server in a thread of the test, with a small application."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.web.server.config import Limits, ServerConfig
from app.core.web.server.protocol import ServerProtocol
from app.core.web.server.server import Server
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT, free_port

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, and send "ok"."""
    if scope["type"] == "lifespan":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@dataclass
class Running:
    server: Server

    @property
    def limits(self) -> Limits:
        """Return the limits of its connections, which a test may change meanwhile."""
        return self.server.config.limits

    def connect(self, sent: bytes = b"") -> socket.socket:
        address = ("127.0.0.1", self.server.config.port)
        line = socket.create_connection(address, TIMEOUT)
        line.sendall(sent)
        return line

    def wait_for(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def connections(self) -> list[ServerProtocol]:
        connections = list(self.server.server_state.connections)
        return [each for each in connections if isinstance(each, ServerProtocol)]


@contextmanager
def running(
    app: ASGIApp = answer, kind: type[Server] = Server, **settings: Any
) -> Iterator[Running]:
    """Serve this application; stop at exit as after SIGTERM."""
    values = {"PORT": free_port(), "SHUTDOWN_DELAY": 0, **settings}
    config = ServerConfig(make_settings("sqlite:///", **values))
    config.app = app
    server = kind(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    run = Running(server)
    run.wait_for(lambda: server.started)
    try:
        yield run
    finally:
        server.should_exit = True
        thread.join(TIMEOUT)
    assert not thread.is_alive()


def read_all(line: socket.socket) -> bytes:
    """Return what is received until the server closes the connection."""
    return b"".join(iter(lambda: line.recv(65_536), b""))
