"""The HTTP parser of the server: raw bytes sent to a socket."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from time import sleep
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.accounts import root_header
from tests.core.test_handlers import FIXED_HEADERS
from tests.databases import make_settings
from tests.hostile.document import LISTS, WRITERS, Operation
from tests.processes.servers import TIMEOUT, Server

pytestmark = [pytest.mark.either, pytest.mark.slow]

MEBIBYTE = 2**20
CLOSED = 0
ROOT = LISTS[0].path.encode()
TARGET = next(each.path for each in WRITERS if each.method == "POST").encode()
# Of requests without a valid token. The last body would be refused for another reason.
STRANGERS = (
    b"",
    b"Authorization: Bearer a.b.c\r\n",
    b"Authorization: Basic YTpi\r\n",
    b"Content-Encoding: gzip\r\n",
)
CHUNKS = b"10000\r\n%s\r\n" % (b" " * 2**16) * 17 + b"0\r\n\r\n"


@pytest.fixture(autouse=True, scope="module")
def server_stays_up(server: Server) -> Iterator[None]:
    """Check at the end that the server is ready and has logged nothing."""
    yield
    server.wait_for("/readyz")
    assert server.log.read_text() == ""


def send_raw(server: Server, sent: bytes, *, disconnect: bool = False) -> bytes:
    """Send these bytes; return the received ones until the server disconnects."""
    host, port = urlsplit(server.base_url).netloc.split(":")
    with socket.create_connection((host, int(port)), TIMEOUT) as line:
        send_all(line, sent)
        return b"" if disconnect else receive_all(line)


def send_all(line: socket.socket, sent: bytes) -> None:
    """Send these bytes, unless the server closes the connection before their end."""
    with suppress(ConnectionError):
        line.sendall(sent)


def receive_all(line: socket.socket) -> bytes:
    """Return what is received until the connection ends, in whichever way."""
    received = [b""]
    with suppress(ConnectionError):
        while part := line.recv(65_536):
            received.append(part)
    return b"".join(received)


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    signed = root_header(make_settings("sqlite:///"))["authorization"].encode()
    credential = b"Authorization: " + signed
    fixed = (b"Host: localhost", b"Connection: close", credential)
    return b"\r\n".join([line + b" HTTP/1.1", *fixed, *headers, b"", body])


def post(*headers: bytes, body: bytes = b"") -> bytes:
    kind = b"Content-Type: application/json"
    return request(b"POST " + TARGET, kind, *headers, body=body)


def status(answer: bytes) -> int:
    return int(answer.split()[1]) if answer else CLOSED


def check_problem(answer: bytes) -> dict[str, Any]:
    """Return the problem after checking its headers."""
    head, _, body = answer.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
    problem: dict[str, Any] = json.loads(body)
    assert status(answer) == problem["status"] == 400
    assert problem["code"] == "bad_request"
    assert headers["content-type"] == "application/problem+json"
    assert headers["content-length"] == str(len(body))
    assert headers["connection"] == "close"
    assert headers["x-request-id"] == problem["request_id"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers.keys() >= FIXED_HEADERS
    return problem


@pytest.mark.parametrize(
    "sent",
    [
        *(
            b"\x16\x03\x01\x02\r\n\r\n",
            b"GET\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ),
        *(b"GET / HTTP/9.9\r\n\r\n", request(b"FOO /"), request(b"get /")),
        *(request(b"GET /\0"), request(b"GET /\xff"), request(b"GET /?q=a b")),
        *(
            request(b"GET /", b": a"),
            request(b"GET /", b"A : b"),
            request(b"GET /", b"A:\0"),
        ),
    ],
    ids=lambda sent: ascii(sent[:15]),
)
def test_malformed_http_is_400(server: Server, sent: bytes) -> None:
    answers = [send_raw(server, sent) for _ in range(2)]
    ids = {check_problem(answer)["request_id"] for answer in answers}
    assert len(ids) == 2


@pytest.mark.parametrize(
    "lengths",
    [
        [b"Content-Length: -1"],
        [b"Content-Length: +2"],
        [b"Content-Length: two"],
        [b"Content-Length: " + b"9" * 30],
        [b"Content-Length: 2", b"Content-Length: 3"],
        [b"Content-Length: 2", b"Transfer-Encoding: chunked"],
        [b"Content-Length: 1"],
        [b"Transfer-Encoding: identity"],
        [b"Transfer-Encoding: chunked"],
    ],
    ids=lambda lengths: ascii(lengths[-1][:30]),
)
def test_a_wrong_body_length_is_400(server: Server, lengths: list[bytes]) -> None:
    assert status(send_raw(server, post(*lengths, body=b"{}"))) == 400


def test_a_chunked_body_has_a_limit(server: Server) -> None:
    answer = send_raw(server, post(b"Transfer-Encoding: chunked", body=CHUNKS))
    assert status(answer) == 413
    for header in (b"x-request-id: ", b"x-content-type-options: nosniff"):
        assert header in answer


def test_a_body_declared_too_long_is_413(server: Server) -> None:
    """The body is rejected before it is read."""
    answer = send_raw(server, post(b"Content-Length: %d" % (MEBIBYTE + 1), body=b"{"))
    assert status(answer) == 413


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"]
)
def test_a_client_may_disconnect(server: Server, framing: bytes) -> None:
    for body in (b"", b"5\r\n{", b'{"na'):
        send_raw(server, post(framing, body=body), disconnect=True)


@pytest.mark.parametrize(
    "path",
    [b"%", b"%zz", b"%00", b"%ff", b"%ed%a0%80", b"%0d%0aX:y", b"%2e%2e/", b"..;/"],
)
def test_malformed_percent_encodings_are_answered(server: Server, path: bytes) -> None:
    for start in (b"/", ROOT + b"/"):
        assert status(send_raw(server, request(b"GET " + start + path))) in (404, 422)
    assert status(send_raw(server, request(b"GET %s?q=%s" % (ROOT, path)))) in (
        200,
        422,
    )


def test_a_long_path_is_answered(server: Server) -> None:
    long = b"a" * 60_000
    assert status(send_raw(server, request(b"GET /" + long))) == 404
    assert status(send_raw(server, request(b"GET %s?q=%s" % (ROOT, long)))) == 422
    assert status(send_raw(server, request(b"GET " + ROOT, b"X-Long: " + long))) == 200


def test_overlong_headers_are_400(server: Server) -> None:
    answer = send_raw(server, b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 70_000)
    assert check_problem(answer)["detail"] == "Headers too large"


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nX-Long: "])
def test_the_head_of_a_request_is_bounded(server: Server, start: bytes) -> None:
    """Headers are buffered until they are complete, so their size is limited."""
    answer = send_raw(server, start + b"a" * MEBIBYTE)
    assert status(answer) in (400, 414, 431, CLOSED)


@pytest.mark.parametrize("path", [b"/livez", b"/readyz", ROOT, b"/nowhere"])
def test_head_is_get_without_a_body(server: Server, path: bytes) -> None:
    answers = [send_raw(server, request(verb + path)) for verb in (b"GET ", b"HEAD ")]
    (get, _, body), (head, _, nothing) = (a.partition(b"\r\n\r\n") for a in answers)
    assert status(head) == status(get) != 405
    assert b"content-length: %d" % len(body) in head.lower()
    assert nothing == b""


@pytest.mark.parametrize("path", [b"/livez", b"/readyz"])
def test_a_probe_needs_no_host(server: Server, path: bytes) -> None:
    assert status(send_raw(server, b"GET %s HTTP/1.0\r\n\r\n" % path)) == 200


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"\xff"])
def test_protocol_upgrades_are_ignored(server: Server, protocol: bytes) -> None:
    key = (b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", b"Sec-WebSocket-Version: 13")
    upgrade = (b"Connection: Upgrade", b"Upgrade: " + protocol)
    answer = send_raw(server, request(b"GET " + ROOT, *upgrade, *key))
    assert status(answer) == 200
    assert b"x-request-id: " in answer


UPGRADE = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c")


def send_parts(server: Server, *parts: bytes) -> bytes:
    """Send the parts as packets of their own, and return what is received."""
    host, port = urlsplit(server.base_url).netloc.split(":")
    with socket.create_connection((host, int(port)), TIMEOUT) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            send_all(line, part)
            sleep(0.1)
        return receive_all(line)


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("is_split", [False, True])
def test_the_body_of_an_upgrade_is_read(
    server: Server, is_chunked: bool, is_split: bool
) -> None:
    """As of Java's HttpClient, which offers HTTP/2 with its first request."""
    body = b'{"refresh_token": "x"}'
    if is_chunked:
        framing, body = (
            b"Transfer-Encoding: chunked",
            b"%x\r\n%s\r\n0\r\n\r\n"
            % (
                len(body),
                body,
            ),
        )
    else:
        framing = b"Content-Length: %d" % len(body)
    json_type = b"Content-Type: application/json"
    head = request(b"POST /api/v1/auth/revoke", *UPGRADE, framing, json_type)
    parts = (head, body) if is_split else (head + body,)
    assert status(send_parts(server, *parts)) == 204


@pytest.mark.parametrize("is_split", [False, True])
def test_the_body_of_an_upgrade_is_no_request(server: Server, is_split: bool) -> None:
    """A proxy that reuses the connection would send the answer to another client."""
    body = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    length = b"Content-Length: %d" % len(body)
    head = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\n"
    head += b"\r\n".join((*UPGRADE, length, b"", b""))
    last = request(b"GET /readyz")
    parts = (head, body, last) if is_split else (head + body + last,)
    answers = send_parts(server, *parts).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"404", b"200"]
    assert b'"schema"' in answers[1]


@pytest.mark.parametrize("is_split", [False, True])
@pytest.mark.parametrize("target", [b"/nowhere", b"/livez", b"localhost:80"])
def test_connect_ends_the_connection(
    server: Server, target: bytes, is_split: bool
) -> None:
    """Its body has no end for the parser. Caddy sends it on like any request."""
    body = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"CONNECT %s HTTP/1.1\r\nHost: localhost\r\n" % target
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    parts = (head, body) if is_split else (head + body,)
    answer = send_parts(server, *parts)
    assert answer.count(b"HTTP/1.1 ") == 1
    check_problem(answer)


def test_many_upgrades_are_answered_in_turn(server: Server) -> None:
    one = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"
    answers = send_parts(server, one * 300 + request(b"GET /readyz"))
    assert answers.count(b"HTTP/1.1 200 ") == 301


@pytest.mark.parametrize("operation", WRITERS, ids=str)
def test_a_stranger_s_body_is_not_read(server: Server, operation: Operation) -> None:
    for head in STRANGERS:
        sent = (
            f"{operation} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000\r\n"
            "Expect: 100-continue\r\n"
        )
        answer = send_raw(server, sent.encode() + head + b"\r\n")
        assert status(answer) == 401, answer
        assert b"www-authenticate: Bearer" in answer
