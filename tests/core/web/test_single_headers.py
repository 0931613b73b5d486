"""Headers with one value: it comes from the head of the request, and only once."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.databases import Template
from tests.processes.servers import (
    TIMEOUT,
    Server,
    free_port,
    kill,
    serving,
    wait_until,
)
from tests.programs import require

pytestmark = pytest.mark.either

LOGIN = b"username=unknown%40example.com&password=wrong"
FORM = b"Content-Type: application/x-www-form-urlencoded"
FORGED = "6.6.6.6"
HAPROXY = """
defaults
    mode http
    option forwardfor
    timeout connect 60s
    timeout client 60s
    timeout server 60s
listen proxy
    bind 127.0.0.1:{port}
    server app 127.0.0.1:{backend}
"""


@pytest.fixture(scope="module")
def trusting(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that trusts the proxies of this host."""
    folder = tmp_path_factory.mktemp("trusting")
    with (
        template.copy() as url,
        serving(url, folder, TRUSTED_PROXIES="127.0.0.1") as server,
    ):
        yield server


def send(port: int, line: bytes, *headers: bytes, body: bytes, trailer: bytes) -> int:
    """Send a chunked body with a trailer in one packet; return the status."""
    fixed = (b"Host: localhost", b"Connection: close", b"Transfer-Encoding: chunked")
    head = b"\r\n".join([line + b" HTTP/1.1", *fixed, *headers])
    chunks = b"%x\r\n%s\r\n0\r\n%s\r\n\r\n" % (len(body), body, trailer)
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        connection.sendall(head + b"\r\n\r\n" + chunks)
        return int(connection.recv(65_536).split()[1])


def port_of(server: Server) -> int:
    return int(server.base_url.rpartition(":")[2])


def fail_to_log_in(server: Server, port: int, *headers: bytes) -> str:
    """Log in with a trailer that forges an address; return the logged line."""
    trailer = b"X-Forwarded-For: " + FORGED.encode()
    line = b"POST /api/v1/auth/login"
    assert send(port, line, FORM, *headers, body=LOGIN, trailer=trailer) == 401
    return [row for row in server.log.read_text().splitlines() if "failed" in row][-1]


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def haproxy(server: Server, folder: Path) -> Iterator[int]:
    """Run HAProxy in front of the server; return its port."""
    program, port = require("haproxy"), free_port()
    config = folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(port=port, backend=port_of(server)))
    process = subprocess.Popen([program, "-db", "-f", config])
    try:
        wait_until(partial(is_open, port), "HAProxy does not listen")
        yield port
    finally:
        kill(process)


@pytest.mark.slow
def test_a_trailer_cannot_forge_the_address(trusting: Server) -> None:
    given = b"X-Forwarded-For: 203.0.113.9"
    assert "ip=203.0.113.9 " in fail_to_log_in(trusting, port_of(trusting), given)


@pytest.mark.slow
def test_haproxy_s_address_wins_over_a_trailer(
    trusting: Server, tmp_path: Path
) -> None:
    with haproxy(trusting, tmp_path) as port:
        assert "ip=127.0.0.1 " in fail_to_log_in(trusting, port)


def test_a_token_or_a_type_in_a_trailer_is_ignored(trusting: Server) -> None:
    with trusting.client() as client:
        token = b"Authorization: " + client.headers["authorization"].encode()
    line, body = b"POST /api/v1/auth/logout-all", b" "
    port = port_of(trusting)
    assert send(port, line, body=body, trailer=token) == 401
    line, json = b"POST /api/v1/products", b"Content-Type: application/json"
    assert send(port, line, token, body=b"{}", trailer=json) == 415


@pytest.mark.parametrize(
    "name", ["host", "content-type", "user-agent", "origin", "content-encoding"]
)
def test_a_repeated_single_header_is_400(anonymous: TestClient, name: str) -> None:
    answer = anonymous.get("/livez", headers=[(name, "test"), (name, "test")])
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert name in answer.json()["detail"]


def test_two_request_ids_are_replaced(anonymous: TestClient) -> None:
    ids = [("x-request-id", "first"), ("x-request-id", "second")]
    answer = anonymous.get("/livez", headers=ids)
    assert answer.headers["x-request-id"] not in ("first", "second")
