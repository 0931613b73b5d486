"""Silent and slow connections are closed, and their number is bounded."""

import asyncio
import json
import resource
from contextlib import ExitStack

import pytest
from starlette.types import Receive, Scope, Send

from app.core.web.server import timed_protocol
from app.core.web.server.config import ServerConfig
from tests.core.web.server.running import GET, POST, answer, read_all, running
from tests.databases import make_settings

pytestmark = pytest.mark.slow

HEAD = b"GET / HTTP/1.1\r\nHost: local"
SHORT = 0.2  # seconds
DETAIL = "The request did not arrive in time"


def check_refusal(answer: bytes, status: int) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in head
    problem = json.loads(body)
    assert problem["status"] == status
    detail: str = problem["detail"]
    return detail


def test_a_silent_connection_is_closed() -> None:
    with running(HEAD_TIMEOUT=SHORT) as server, server.connect() as line:
        assert read_all(line) == b""


def test_a_head_must_arrive_in_time() -> None:
    with running() as server, server.connect(HEAD) as line:
        server.limits.head = SHORT
        assert check_refusal(read_all(line), 408) == DETAIL


def test_more_bytes_of_a_head_do_not_extend_its_time() -> None:
    with running() as server, server.connect(GET) as line:
        line.recv(1)
        line.sendall(HEAD)
        server.limits.head = SHORT
        line.settimeout(0.05)
        received = b""
        while DETAIL.encode() not in received:
            line.sendall(b"a")
            try:
                received += line.recv(65_536)
            except TimeoutError:
                continue


@pytest.mark.parametrize("before", [b"", GET], ids=["first", "next"])
def test_empty_lines_do_not_keep_a_connection_open(before: bytes) -> None:
    def is_closed() -> bool:
        try:
            line.sendall(b"\r\n")
            return not line.recv(65_536)
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    with (
        running(HEAD_TIMEOUT=SHORT, KEEP_ALIVE_TIMEOUT=1) as server,
        server.connect(before) as line,
    ):
        line.settimeout(0.05)
        server.wait_for(is_closed)


def test_a_body_must_arrive_in_time() -> None:
    received: list[str] = []

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        while scope["type"] == "http" and "http.disconnect" not in received:
            received.append((await receive())["type"])

    with running(read) as server, server.connect(POST) as line:
        line.sendall(b"1234")
        server.limits.body = SHORT
        assert check_refusal(read_all(line), 408) == DETAIL
        server.wait_for(lambda: "http.disconnect" in received)


def test_a_body_that_was_not_needed_must_arrive_in_time() -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(scope, no_body, send)

    async def no_body() -> dict[str, str]:
        return {"type": "http.request"}

    with running(refuse, BODY_TIMEOUT=SHORT) as server, server.connect(POST) as line:
        answers = read_all(line)
        assert answers.startswith(b"HTTP/1.1 200 ")
        assert DETAIL.encode() in answers


def test_a_large_body_has_more_time() -> None:
    with running(BODY_TIMEOUT=30) as server:
        sent = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
        with server.connect(sent + b"a" * 2_048) as line:
            server.wait_for(lambda: any(each.received for each in server.connections()))
            (connection,) = server.connections()
            assert connection.allowed() == 32
            line.sendall(b"a" * (9_999 - 2_048))
            assert line.recv(12) == b"HTTP/1.1 200"


def test_a_response_must_be_read_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_protocol, "WRITE_TIMEOUT", SHORT)
    body = b"a" * 2**26

    async def send_much(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [(b"content-length", b"%d" % len(body))]
            start = {"type": "http.response.start", "status": 200, "headers": headers}
            await send(start)
            await send({"type": "http.response.body", "body": body})

    with running(send_much) as server, server.connect(GET) as line:
        assert line.recv(4) == b"HTTP"
        server.wait_for(lambda: not server.connections())


def test_the_connection_that_has_waited_for_longest_makes_room() -> None:
    with running(MAX_CONNECTIONS=3) as server, ExitStack() as stack:
        idle = stack.enter_context(server.connect(GET))
        assert idle.recv(1)
        silent = [stack.enter_context(server.connect()) for _ in range(2)]
        server.wait_for(lambda: len(server.connections()) == 3)
        for line in silent:
            new = stack.enter_context(server.connect(GET))
            assert new.recv(12) == b"HTTP/1.1 200"
            assert check_refusal(read_all(line), 503)


def test_a_request_in_progress_is_not_interrupted_for_a_new_one() -> None:
    arrived: list[Scope] = []
    release = asyncio.Event()

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            arrived.append(scope)
            await release.wait()
            await answer(scope, receive, send)

    with running(wait, MAX_CONNECTIONS=1) as server, server.connect(GET) as line:
        server.wait_for(lambda: arrived)
        connection = server.connections()[0]
        with server.connect() as silent, server.connect(GET) as new:
            for each in (new, silent):
                assert "too many connections" in check_refusal(read_all(each), 503)
        connection.loop.call_soon_threadsafe(release.set)
        assert line.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("hard", "expected"), [(256, 182), (1_000, 926), (4_000, 2_000)]
)
def test_descriptors_are_left_for_the_rest(
    monkeypatch: pytest.MonkeyPatch, hard: int, expected: int
) -> None:
    """The soft limit is raised as far as needed, and 64 and the pool are reserved."""
    limits = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, given: limits.append(given))
    assert ServerConfig(make_settings("sqlite:///")).limits.connections == expected
    assert limits == [(min(hard, 2_074), hard)]
