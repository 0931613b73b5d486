"""The feed of real servers: killed, stopped, and behind proxies."""

import signal
import socket
from pathlib import Path

import pytest

from tests.accounts import root_header
from tests.audit.feed.following import PATH, following
from tests.core.web.proxies.proxy import each_recipe, proxying
from tests.databases import Engine, make_settings, template_on
from tests.processes.servers import Server, free_port, kill, serving


def make_pens(server: Server, numbers: range) -> list[str]:
    ids = []
    with server.client() as client:
        for number in numbers:
            body = {"sku": f"PEN-{number:03}", "name": "Pen", "price": "1.50"}
            ids.append(client.post("/products", json=body).json()["id"])
    return ids


@pytest.mark.slow
@pytest.mark.heavy
def test_nothing_is_lost_when_servers_are_killed(url: str, tmp_path: Path) -> None:
    """A second server writes while the one of the client is away, or starts again."""
    port, made, seen = free_port(), list[str](), list[str]()
    since = ""
    with serving(url, tmp_path) as writer:
        for number in range(0, 9, 3):
            with (
                serving(url, tmp_path, port=port) as server,
                following(server, since) as follower,
            ):
                made += make_pens(server, range(number, number + 1))
                made += make_pens(writer, range(number + 1, number + 2))
                while set(seen) != set(made):
                    event = follower.next()
                    assert event
                    seen.append(event.data["entity_id"])
                kill(server.process)
                assert follower.next() is None
                since = follower.since
            made += make_pens(writer, range(number + 2, number + 3))
        with (
            serving(url, tmp_path, port=port) as server,
            following(server, since) as follower,
        ):
            event = follower.next()
            assert event
            seen.append(event.data["entity_id"])
    assert seen == made


@pytest.mark.slow
def test_a_stop_ends_streams_at_once(tmp_path: Path) -> None:
    """The server would otherwise wait for them for SHUTDOWN_TIMEOUT."""
    with (
        template_on(Engine.SQLITE) as template,
        template.copy() as url,
        serving(url, tmp_path, SHUTDOWN_TIMEOUT="3600") as server,
    ):
        with following(server) as follower, following(server) as other:
            server.process.send_signal(signal.SIGTERM)
            assert follower.next() is None
            assert other.next() is None
        assert server.stop() == 0


@pytest.mark.slow
def test_a_client_that_never_reads_costs_little(tmp_path: Path) -> None:
    """The sockets take some, then the stream waits; others get all changes."""
    with (
        template_on(Engine.SQLITE) as template,
        template.copy() as url,
        serving(url, tmp_path) as server,
    ):
        header = root_header(make_settings(url))["authorization"]
        host, _, port = server.base_url.removeprefix("http://").partition(":")
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.connect((host, int(port)))
            head = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {header}"
            deaf.sendall(f"{head}\r\n\r\n".encode())
            with following(server) as follower:
                for id in make_pens(server, range(20)):
                    event = follower.next()
                    assert event
                    assert event.data["entity_id"] == id
        assert server.stop() == 0


@each_recipe
@pytest.mark.heavy
def test_events_pass_a_proxy_at_once(program: str, tmp_path: Path) -> None:
    """The guides' files compress responses: a compressed stream would be held back."""
    with (
        template_on(Engine.SQLITE) as template,
        template.copy() as url,
        serving(url, tmp_path) as server,
        proxying(program, tmp_path, server) as proxy,
        proxy.client() as client,
        client.stream("GET", "/audit/changes/stream") as response,
    ):
        assert "content-encoding" not in response.headers
        lines = response.iter_lines()
        assert next(lines) == "event: heartbeat"
        (pen,) = make_pens(server, range(1))
        data = next(line for line in lines if pen in line)
        assert data.startswith("data: ")
