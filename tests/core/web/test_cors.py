"""CORS origins, and allowed hosts."""

from asyncio import CancelledError
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.config import Settings
from app.core.db.ids import uuid7
from app.core.observability.draining import draining
from app.core.repository import BaseRepository
from app.core.web.server.stopped_requests import STOPPED
from app.main import create_app
from tests.databases import make_settings

pytestmark = pytest.mark.either

ALLOWED = ("https://www.example.com", "http://localhost:5173")
DISALLOWED = (
    "null NULL * https: https://www.example.com/ https://www.example.com. "
    "http://www.example.com https://www.example.com:443 https://www.example.com:8443 "
    "https://example.com https://www.example.com.evil.com https://evilwww.example.com "
    "https://www-example.com https://www.example.com@evil.com https://www.example.co "
    "https://evil.com/https://www.example.com https://WWW.example.com "
    "https://www.example.com,https://evil.com http://localhost http://localhost:51730"
).split()


@pytest.fixture
def settings(url: str) -> Settings:
    return make_settings(url, CORS_ORIGINS=",".join(ALLOWED))


def preflight(client: TestClient, origin: str, **asked: str) -> Any:
    asked = {"method": "PATCH", "headers": "authorization,if-match"} | asked
    names = {f"access-control-request-{key}": asked[key] for key in asked}
    return client.options("products", headers={"origin": origin} | names)


def cors_headers(answer: Any) -> dict[str, str]:
    headers = answer.headers.items()
    return {name: v for name, v in headers if name.startswith("access-control-")}


@pytest.mark.asvs("3.4.2")
@pytest.mark.parametrize("origin", ALLOWED)
def test_an_allowed_origin_may_read_responses(client: TestClient, origin: str) -> None:
    answer = client.get("products", headers={"origin": origin})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert "Origin" in answer.headers["vary"]
    shown = answer.headers["access-control-expose-headers"].split(", ")
    expected = "ETag Idempotency-Replayed Location RateLimit RateLimit-Policy"
    others = (
        "Content-Disposition",
        "Preference-Applied",
        "Retry-After",
        "X-Request-ID",
    )
    assert set(shown) == {*others, *expected.split()}
    # Tokens are sent in the Authorization header, never in cookies.
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"])
def test_a_preflight_from_an_allowed_origin_succeeds(
    anonymous: TestClient, method: str
) -> None:
    answer = preflight(anonymous, ALLOWED[0], method=method)
    assert answer.status_code == 200
    assert cors_headers(answer)["access-control-allow-origin"] == ALLOWED[0]
    assert method in cors_headers(answer)["access-control-allow-methods"]


@pytest.mark.parametrize(
    "headers", ["traceparent,tracestate", "baggage,sentry-trace,authorization"]
)
def test_a_preflight_may_ask_for_tracing_headers(
    anonymous: TestClient, headers: str
) -> None:
    assert preflight(anonymous, ALLOWED[0], headers=headers).status_code == 200


@pytest.mark.parametrize("asked", [{"method": "TRACE"}, {"headers": "x-surprise"}])
def test_a_preflight_for_other_methods_or_headers_is_rejected(
    anonymous: TestClient, asked: dict[str, str]
) -> None:
    assert preflight(anonymous, ALLOWED[0], **asked).status_code == 400


@pytest.mark.asvs("3.4.2")
def test_other_origins_get_no_cors_header(anonymous: TestClient) -> None:
    for origin in DISALLOWED:
        answer = anonymous.get("auth/me", headers={"origin": origin})
        refused = preflight(anonymous, origin)
        assert (answer.status_code, refused.status_code) == (401, 400), origin
        both = cors_headers(answer) | cors_headers(refused)
        assert "access-control-allow-origin" not in both, origin


def test_an_allowed_origin_may_read_errors(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"origin": ALLOWED[0]}
    monkeypatch.delattr(BaseRepository, "get")
    answers = [
        client.get("auth/me", headers=headers | {"authorization": "Bearer x"}),
        client.get("nowhere", headers=headers),
        client.get(f"products/{uuid7()}", headers=headers),
        client.post("products", json={}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [401, 404, 500, 422]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == ALLOWED[0]


def test_an_allowed_origin_may_read_the_503_of_a_stop(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def end(*_: object) -> None:
        raise CancelledError

    monkeypatch.setattr(BaseRepository, "get", end)
    monkeypatch.setattr(draining, "started", True)
    answer = client.get(f"products/{uuid7()}", headers={"origin": ALLOWED[0]})
    assert (answer.status_code, answer.json()["detail"]) == (503, STOPPED)
    assert answer.headers["access-control-allow-origin"] == ALLOWED[0]
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert answer.headers["retry-after"]


def test_an_allowed_origin_may_read_a_413_response(
    client: TestClient, settings: Settings
) -> None:
    big = b" " * (settings.MAX_BODY_BYTES + 1)
    for path in ("products", "nowhere"):
        answer = client.post(path, content=big, headers={"origin": ALLOWED[0]})
        assert (answer.status_code, answer.json()["status"]) == (413, 413)
        assert answer.headers["access-control-allow-origin"] == ALLOWED[0]
        assert answer.headers["vary"] == "Origin"
        assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
        assert answer.headers["content-length"] == str(len(answer.content))
        disallowed = client.post(path, content=big, headers={"origin": DISALLOWED[0]})
        assert "access-control-allow-origin" not in disallowed.headers


def test_a_rejected_preflight_returns_a_problem_document(anonymous: TestClient) -> None:
    answer = preflight(anonymous, ALLOWED[0], method="TRACE")
    assert answer.json()["detail"] == "Disallowed CORS method"
    assert answer.headers["access-control-allow-origin"] == ALLOWED[0]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["vary"].startswith("Origin, ")


def test_there_are_no_cors_headers_without_allowed_origins(url: str) -> None:
    with TestClient(create_app(make_settings(url)), "http://test/api/v1/") as client:
        assert cors_headers(client.get("auth/me", headers={"origin": ALLOWED[0]})) == {}
        refused = preflight(client, ALLOWED[0])
        assert (refused.status_code, cors_headers(refused)) == (405, {})


def test_a_wildcard_origin_excludes_credentials(url: str) -> None:
    settings = make_settings(url, CORS_ORIGINS="*")
    with TestClient(create_app(settings), "http://test/api/v1/") as client:
        for answer in (
            client.get("auth/me", headers={"origin": "https://evil.com"}),
            client.get("auth/me", headers={"origin": ALLOWED[0], "cookie": "a=b"}),
            preflight(client, "https://evil.com"),
        ):
            assert "access-control-allow-credentials" not in answer.headers


CONFIGURED = "test,[::1],www.ours"
ACCEPTED = "test test:8000 TEST [::1] [::1]:8000 www.ours".split()
REJECTED = (
    "evil test.evil evil.test xtest test. test@evil test,evil [::2] 127.0.0.1 * ours"
)


@pytest.mark.slow
def test_only_allowed_hosts_are_served(url: str) -> None:
    settings = make_settings(url, ALLOWED_HOSTS=CONFIGURED, CORS_ORIGINS=ALLOWED[0])
    with TestClient(create_app(settings), "http://test") as client:
        for host in ACCEPTED:
            assert client.get("/", headers={"host": host}).status_code == 200
        for host in REJECTED.split():
            headers = {"host": host, "x-forwarded-host": "test", "origin": ALLOWED[0]}
            for path in ("/api/v1/auth/me", "/"):
                refused = client.get(path, headers=headers)
                assert refused.status_code == 400, host
                assert refused.json()["code"] == "bad_request"
                # The response is unreadable even for an allowed origin.
                assert cors_headers(refused) == {}
