"""Client addresses: trusted proxies and forged headers."""

from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col
from starlette.requests import HTTPConnection
from structlog.testing import capture_logs

from app.auth import client
from app.auth.client import client_ip, read_client
from app.auth.models import AuthSession
from app.core.config import Settings
from app.main import create_app
from tests.conftest import MakeAccount, Read
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT, serving

pytestmark = pytest.mark.either

PROXY = "10.0.0.1"
PROXIES = f"{PROXY}, 192.168.0.0/16, 2001:db8::/32"
CLIENT = "203.0.113.9"
HOPS = f",{PROXY}" * 110 + "   "  # so many that the first address is cut in two
UNUSED_URL = "sqlite:///never.db"


Headers = list[tuple[str, str]]


def forwarded(*values: str) -> Headers:
    return [("x-forwarded-for", value) for value in values]


def resolved_ip(settings: Settings, peer: str, headers: Headers) -> str:
    """Return the client address that the application derives from a request."""
    return client_ip(connection(settings, peer, headers))


def connection(
    settings: Settings, peer: str | None, headers: Headers
) -> HTTPConnection:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    app = SimpleNamespace(state=SimpleNamespace(settings=settings))
    scope = {"type": "http", "headers": raw, "app": app}
    return HTTPConnection(scope | {"client": peer and (peer, 1)})


# The peer, its headers, and the resulting client address.
CASES: dict[str, tuple[str, Headers, str]] = {
    "no proxy": (CLIENT, [], CLIENT),
    "an untrusted header": (CLIENT, forwarded("192.0.2.1"), CLIENT),
    "an untrusted proxy address": (CLIENT, forwarded(PROXY), CLIENT),
    "a proxy": (PROXY, forwarded("192.0.2.1"), "192.0.2.1"),
    "a proxy of a network": ("192.168.9.9", forwarded("192.0.2.1"), "192.0.2.1"),
    "a proxy without a header": (PROXY, [], PROXY),
    "a forged hop": (PROXY, forwarded("6.6.6.6, 192.0.2.1"), "192.0.2.1"),
    "a forged header": (PROXY, forwarded("6.6.6.6", "192.0.2.1"), "192.0.2.1"),
    "a forged proxy": (PROXY, forwarded(f"{PROXY}, 192.0.2.1"), "192.0.2.1"),
    "two proxies": (PROXY, forwarded("6.6.6.6,192.0.2.1 , 192.168.1.1"), "192.0.2.1"),
    "only proxies": (PROXY, forwarded("192.168.1.1"), "192.168.1.1"),
    "no address": (PROXY, forwarded("unknown"), PROXY),
    "no address, then one": (PROXY, forwarded("192.0.2.1, _hidden"), PROXY),
    "an address with a port": (PROXY, forwarded("192.0.2.1:51234"), "192.0.2.1"),
    "a version 6 port": (PROXY, forwarded("[2A00:1450::7]:443"), "2a00:1450::7"),
    "a version 6 in brackets": (PROXY, forwarded("[2a00:1450::7]"), "2a00:1450::7"),
    "ports of proxies": (
        PROXY,
        forwarded("192.0.2.1:1, 192.168.1.1:2"),
        "192.0.2.1",
    ),
    "an empty port": (PROXY, forwarded("192.0.2.1:"), PROXY),
    "a port only": (PROXY, forwarded(":443"), PROXY),
    "an empty header": (PROXY, forwarded(""), PROXY),
    "an empty hop": (PROXY, forwarded("192.0.2.1,"), PROXY),
    "octal digits": (PROXY, forwarded("0192.0.2.01"), PROXY),
    "markup": (PROXY, forwarded("<script>"), PROXY),
    "version 6": ("2001:db8::7", forwarded("2A00:1450:0::0001"), "2a00:1450::1"),
    "version 4 in 6": (PROXY, forwarded("::ffff:192.0.2.1"), "192.0.2.1"),
    "a proxy in 6": (f"::ffff:{PROXY}", forwarded("192.0.2.1"), "192.0.2.1"),
    "a zone": (PROXY, forwarded(f"fe80::1%{'x' * 50}"), "fe80::1"),
    "other headers": (PROXY, [("forwarded", "for=6.6.6.6")], PROXY),
    "more other headers": (PROXY, [("x-real-ip", "6.6.6.6")], PROXY),
    "a long forged hop": (PROXY, forwarded(f"{'6' * 5_000}, 192.0.2.1"), "192.0.2.1"),
    "more hops than are read": (PROXY, forwarded(f"210.7.7.7{HOPS}"), PROXY),
    "no socket": ("unix", forwarded("6.6.6.6"), "unknown"),
}


@pytest.mark.asvs("4.1.3")
@pytest.mark.parametrize("case", CASES)
def test_the_client_address_is_resolved(case: str) -> None:
    peer, headers, address = CASES[case]
    settings = make_settings(UNUSED_URL, TRUSTED_PROXIES=PROXIES)
    assert resolved_ip(settings, peer, headers) == address


# The peer, its headers, and the network that the throttle counts.
NETWORKS: dict[str, tuple[str | None, Headers, str | None]] = {
    "version 4": (CLIENT, [], CLIENT),
    "version 6": (PROXY, forwarded("2a00:1450:1:2:3::4"), "2a00:1450:1:2::/64"),
    "version 4 translated": (
        PROXY,
        forwarded("64:ff9b::198.51.100.7"),
        "64:ff9b::c633:6407",
    ),
    "version 4 in 6": (PROXY, forwarded("::ffff:192.0.2.1"), "192.0.2.1"),
    "only proxies": (PROXY, forwarded("192.168.1.1"), "192.168.1.1"),
    "no header": (PROXY, [], None),
    "no address": (PROXY, forwarded("unknown"), None),
    "no address, then one": (PROXY, forwarded("192.0.2.1, _hidden"), None),
    "a name as the peer": ("unix", forwarded("6.6.6.6"), None),
    "a Unix socket": (None, forwarded("192.0.2.1"), "192.0.2.1"),
    "a Unix socket and a proxy": (None, forwarded(f"192.0.2.1, {PROXY}"), "192.0.2.1"),
    "a Unix socket without a header": (None, [], None),
}


@pytest.mark.parametrize("case", NETWORKS)
def test_the_throttle_counts_a_network_that_belongs_to_one_client(case: str) -> None:
    peer, headers, network = NETWORKS[case]
    settings = make_settings(UNUSED_URL, TRUSTED_PROXIES=f"{PROXIES}, unix:")
    assert read_client(connection(settings, peer, headers)).network == network


def test_a_unix_socket_is_not_trusted_by_default() -> None:
    settings = make_settings(UNUSED_URL, TRUSTED_PROXIES=PROXIES)
    found = read_client(connection(settings, None, forwarded("6.6.6.6")))
    assert (found.ip, found.network) == ("unknown", None)


def test_an_unreadable_address_is_logged_once_for_each_proxy() -> None:
    settings = make_settings(UNUSED_URL, TRUSTED_PROXIES=PROXIES)
    client.reported.clear()
    with capture_logs() as logs:
        for peer in (PROXY, PROXY, "192.168.9.9", CLIENT):
            read_client(connection(settings, peer, forwarded("<&>" * 99)))
    assert [line["ip"] for line in logs] == [PROXY, "192.168.9.9"]
    assert {line["event"] for line in logs} == {"client_address_unreadable"}
    assert len(logs[0]["forwarded_for"]) == 100


def test_forwarded_headers_are_ignored_by_default() -> None:
    assert (
        resolved_ip(make_settings(UNUSED_URL), PROXY, forwarded("192.0.2.1")) == PROXY
    )


@pytest.mark.parametrize("case", ["an untrusted header", "a forged hop", "a zone"])
def test_a_session_stores_the_client_address(
    url: str, make_account: MakeAccount, read: Read, case: str
) -> None:
    peer, headers, address = CASES[case]
    body = {"refresh_token": make_account().refresh_token}
    app = create_app(make_settings(url, TRUSTED_PROXIES=PROXIES))
    with TestClient(app, "http://test", client=(peer, 1)) as http:
        answer = http.post("/api/v1/auth/refresh", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert address in read(select(col(AuthSession.ip)))


@pytest.mark.parametrize("proxies", ["*", "10.0.0.0/33", "10.0.0.1/8", "proxy", "::x"])
def test_an_invalid_proxy_network_is_rejected(proxies: str) -> None:
    with pytest.raises(ValidationError, match="TRUSTED_PROXIES"):
        make_settings(UNUSED_URL, TRUSTED_PROXIES=proxies)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("proxies", "ip"), [("", "127.0.0.1"), ("127.0.0.1", "6.6.6.6")]
)
def test_the_server_trusts_the_same_proxies_as_the_application(
    url: str, tmp_path: Path, proxies: str, ip: str
) -> None:
    form = {"username": "unknown@example.com", "password": "wrong"}
    with serving(url, tmp_path, TRUSTED_PROXIES=proxies) as server:
        headers = {"x-forwarded-for": "6.6.6.6"}
        url = f"{server.base_url}/api/v1/auth/login"
        httpx2.post(url, data=form, headers=headers, timeout=TIMEOUT)
    (line,) = [row for row in server.log.read_text().splitlines() if "failed" in row]
    assert f"ip={ip} " in line
