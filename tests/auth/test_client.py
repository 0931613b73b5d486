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

from app.auth.client import client_ip
from app.auth.models import AuthSession
from app.core.config import Settings
from app.main import create_app
from tests.conftest import MakeAccount, Read
from tests.databases import make_settings
from tests.processes.servers import serving

PROXY = "10.0.0.1"
PROXIES = f"{PROXY}, 192.168.0.0/16, 2001:db8::/32"
CLIENT = "203.0.113.9"
UNUSED_URL = "sqlite:///never.db"


Headers = list[tuple[str, str]]


def forwarded(*values: str) -> Headers:
    return [("x-forwarded-for", value) for value in values]


def resolved_ip(settings: Settings, peer: str, headers: Headers) -> str:
    """Return the client address that the application derives from a request."""
    raw = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "client": (peer, 1), "headers": raw}
    app = SimpleNamespace(state=SimpleNamespace(settings=settings))
    return client_ip(HTTPConnection(scope | {"app": app}))


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
    "an address with a port": (PROXY, forwarded("192.0.2.1:80"), PROXY),
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
    "no socket": ("unix", forwarded("6.6.6.6"), "unknown"),
}


@pytest.mark.asvs("4.1.3")
@pytest.mark.parametrize("case", CASES)
def test_the_client_address_is_resolved(case: str) -> None:
    peer, headers, address = CASES[case]
    settings = make_settings(UNUSED_URL, TRUSTED_PROXIES=PROXIES)
    assert resolved_ip(settings, peer, headers) == address


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
    with TestClient(app, "http://test", client=(peer, 1)) as client:
        answer = client.post("/api/v1/auth/refresh", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert address in read(select(col(AuthSession.ip)))


@pytest.mark.parametrize("proxies", ["*", "10.0.0.0/33", "10.0.0.1/8", "proxy", "::x"])
def test_an_invalid_proxy_network_is_rejected(proxies: str) -> None:
    with pytest.raises(ValidationError, match="TRUSTED_PROXIES"):
        make_settings(UNUSED_URL, TRUSTED_PROXIES=proxies)


@pytest.mark.parametrize(
    ("proxies", "ip"), [("", "127.0.0.1"), ("127.0.0.1", "6.6.6.6")]
)
def test_the_server_trusts_the_same_proxies_as_the_application(
    url: str, tmp_path: Path, proxies: str, ip: str
) -> None:
    form = {"username": "unknown@example.com", "password": "wrong"}
    with serving(url, tmp_path, TRUSTED_PROXIES=proxies) as server:
        headers = {"x-forwarded-for": "6.6.6.6"}
        httpx2.post(f"{server.base_url}/api/v1/auth/login", data=form, headers=headers)
    (line,) = [row for row in server.log.read_text().splitlines() if "failed" in row]
    assert f"ip={ip} " in line
