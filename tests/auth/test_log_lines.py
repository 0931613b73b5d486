"""Log injection, and the privacy of failed logins."""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus

import pytest

from tests.auth.test_canaries import dump
from tests.databases import Template, make_settings
from tests.processes.servers import Server, serving

TYPED = "my-password-typed-as-a-name"
# Line breaks, an ANSI colour, a backspace, and the format of a log line.
LINES = "x\r\n2026-01-01T00:00:00Z [info] forged=yes"
COLOUR = "x\x1b[31m\x08\x9b31m"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z \[(info|warning|error) +\] \S")
LOGIN = "/api/v1/auth/login"


def send(server: Server, target: str, body: str = "", **headers: str) -> int:
    """Send a raw request; return the status of the response."""
    kind = "application/x-www-form-urlencoded"
    headers |= {"host": "localhost", "connection": "close", "content_type": kind}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    first = f"{'POST' if body else 'GET'} {target} HTTP/1.1"
    text = "\r\n".join([first, *lines, f"content-length: {len(body)}", "", body])
    port = int(server.base_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(text.encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split(maxsplit=2)[1])


def attack(server: Server) -> None:
    forged = [quote_plus(LINES), quote_plus(COLOUR)]
    for word in forged:
        form = f"username={word}%40example.com&password={word}"
        assert send(server, LOGIN, form) in (401, 422)
        for path in (
            f"/{word}",
            f"/livez{word}",
            f"/api/v1/products/{word}",
            f"/?{word}",
        ):
            assert 200 <= send(server, path) < 500
    for path in ("/livez%0A", "/api/v1/products%0A", "/api/v1/products/x%0A%1B[31m"):
        assert 200 <= send(server, path) < 500
    for name in ("user_agent", "x_request_id", "x_forwarded_for", "authorization"):
        for value in (COLOUR, f"fe80::1%{COLOUR}", "x\r\n folded"):
            form = f"username={TYPED}{name}{len(value)}&password=wrong"
            assert send(server, LOGIN, form, **{name: value}) in (400, 401)


def fail_logins(server: Server) -> None:
    form = f"username={TYPED}&password=wrong"
    client = {"x_forwarded_for": "203.0.113.5"}
    statuses = [send(server, LOGIN, form, **client) for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2


@dataclass
class Output:
    """The log and the database of a server after the attacks."""

    log: str
    rows: str


@pytest.fixture(scope="module", params=["development", "production"])
def output(
    template: Template,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Output]:
    values = {"ENVIRONMENT": request.param, "TRUSTED_PROXIES": "127.0.0.1"}
    folder = tmp_path_factory.mktemp("log")
    with template.copy() as url, serving(url, folder, **values) as server:
        fail_logins(server)
        attack(server)
        assert server.stop() == 0
        yield Output(server.log.read_bytes().decode(), dump(make_settings(url)))


@pytest.mark.slow
@pytest.mark.either
@pytest.mark.asvs("16.4.1")
def test_requests_cannot_inject_log_lines(output: Output) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", output.log)
    lines = output.log.split("\n")[:-1]
    if lines[0].startswith("{"):
        entries = [json.loads(line) for line in lines]
        assert not any("forged" in each for each in entries)
    else:
        assert all(LINE.match(line) for line in lines)
    assert "login_failed" in output.log


@pytest.mark.slow
@pytest.mark.either
@pytest.mark.asvs("16.2.5")
def test_a_failed_login_does_not_log_the_email(output: Output) -> None:
    assert "login_blocked" in output.log
    assert TYPED not in output.log
    assert TYPED not in output.rows
