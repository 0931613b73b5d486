"""A server that is stopped answers what was sent to it."""

import asyncio
import json
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier, Event
from urllib.parse import urlsplit

import pytest
from starlette.types import Scope

from app.core.web.middleware import RequestMiddleware
from app.core.web.server.handshakes import stop_handshakes
from app.core.web.server.protocol import ServerProtocol
from app.core.web.server.server import Server as OurServer
from app.core.web.server.stopped_requests import StoppedRequests
from tests.core.web.server.running import GET, Running, read_all, running
from tests.processes.servers import TIMEOUT, Server, serving

pytestmark = pytest.mark.slow

CLIENTS = 16


def empty(folder: Path) -> str:
    """Return the URL of a database without tables: /livez does not need any."""
    return f"sqlite:///{folder / 'app.db'}"


def connect(server: Server) -> HTTPConnection:
    address = urlsplit(server.base_url)
    return HTTPConnection(str(address.hostname), address.port, timeout=TIMEOUT)


def ask(line: HTTPConnection, path: str = "/livez") -> tuple[int, bool]:
    """Return the status, and whether the response closes the connection."""
    line.request("GET", path)
    with line.getresponse() as response:
        response.read()
        return response.status, response.getheader("connection") == "close"


def ask_until_closed(server: Server, begin: Barrier) -> int:
    line, closes = connect(server), False
    assert ask(line) == (200, False)
    begin.wait()
    while not closes:
        status, closes = ask(line)
        assert status == 200
    return status


def test_each_connection_is_closed_by_a_response(tmp_path: Path) -> None:
    begin = Barrier(CLIENTS + 1)
    with (
        serving(empty(tmp_path), tmp_path, SHUTDOWN_DELAY="60") as server,
        ThreadPoolExecutor(CLIENTS) as threads,
    ):
        clients = [
            threads.submit(ask_until_closed, server, begin) for _ in range(CLIENTS)
        ]
        begin.wait()
        server.process.send_signal(signal.SIGTERM)
        assert [each.result() for each in clients] == [200] * CLIENTS
        end_delay(server)


def end_delay(server: Server) -> None:
    """Interrupt the server, which ends the delay."""
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(TIMEOUT) == 0


def test_readyz_is_503_while_connections_are_still_accepted(tmp_path: Path) -> None:
    with serving(empty(tmp_path), tmp_path, SHUTDOWN_DELAY="60") as server:
        idle = connect(server)
        assert ask(idle) == (200, False)
        server.process.send_signal(signal.SIGTERM)
        refusal = server.wait_for("/readyz", status=503)
        while "stopping" not in refusal.json()["detail"]:
            refusal = server.wait_for("/readyz", status=503)
        assert ask(connect(server)) == (200, True)
        assert ask(idle) == (200, True)
        end_delay(server)


def test_a_connection_that_waits_to_be_accepted_is_answered() -> None:
    late: list[socket.socket] = []

    class LateClient(OurServer):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # The event loop does not accept anything in the meantime.
            late.append(Running(self).connect(GET))
            await super().shutdown(sockets)

    with running(kind=LateClient):
        pass
    with late[0] as line:
        assert read_all(line).startswith(b"HTTP/1.1 200 ")


def test_an_idle_connection_gets_the_time_for_one_more_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests, stop = [GET], ServerProtocol.shutdown

    def stop_and_send(connection: ServerProtocol) -> None:
        stop(connection)
        while requests:
            line.sendall(requests.pop())

    monkeypatch.setattr(ServerProtocol, "shutdown", stop_and_send)
    with running() as server, server.connect(GET) as line:
        assert line.recv(9) == b"HTTP/1.1 "
        server.server.should_exit = True
        assert b"HTTP/1.1 200 " in read_all(line)


def test_a_request_that_has_not_ended_in_time_gets_503() -> None:
    arrived = Event()

    async def hang(scope: Scope, *_: object) -> None:
        if scope["type"] == "http":
            arrived.set()
            await asyncio.Event().wait()

    app = RequestMiddleware(
        StoppedRequests(hang), hsts=False, client_ip=lambda _: "192.0.2.1"
    )
    with running(app, SHUTDOWN_TIMEOUT=1) as server, server.connect(GET) as line:
        arrived.wait()
        server.server.should_exit = True
        head, _, body = read_all(line).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: " in head
    assert json.loads(body)["code"] == "unavailable"


@pytest.mark.skipif(sys.platform != "linux", reason="Other systems have no filter")
def test_new_connections_are_ignored_but_those_that_wait_are_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as line:
            stop_handshakes(listener)
            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.2)
            with listener.accept()[0] as accepted:
                accepted.sendall(b"hello")
                assert line.recv(5) == b"hello"
