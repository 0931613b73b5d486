"""Whose pages may read our answers, and by which names we are called."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.config import Settings
from app.core.db.ids import uuid7
from app.core.repository import BaseRepository
from app.main import create_app
from tests.databases import make_settings

OURS = ("https://www.example.com", "http://localhost:5173")
THEIRS = (
    "null NULL * https: https://www.example.com/ https://www.example.com. "
    "http://www.example.com https://www.example.com:443 https://www.example.com:8443 "
    "https://example.com https://www.example.com.evil.com https://evilwww.example.com "
    "https://www-example.com https://www.example.com@evil.com https://www.example.co "
    "https://evil.com/https://www.example.com https://WWW.example.com "
    "https://www.example.com,https://evil.com http://localhost http://localhost:51730"
).split()


@pytest.fixture
def settings(url: str) -> Settings:
    return make_settings(url, CORS_ORIGINS=",".join(OURS))


def preflight(client: TestClient, origin: str, **asked: str) -> Any:
    asked = {"method": "PATCH", "headers": "authorization,if-match"} | asked
    names = {f"access-control-request-{key}": asked[key] for key in asked}
    return client.options("products", headers={"origin": origin} | names)


def granted(answer: Any) -> dict[str, str]:
    headers = answer.headers.items()
    return {name: v for name, v in headers if name.startswith("access-control-")}


@pytest.mark.asvs("3.4.2")
@pytest.mark.parametrize("origin", OURS)
def test_our_pages_may_read_the_answers(client: TestClient, origin: str) -> None:
    answer = client.get("products", headers={"origin": origin})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert "Origin" in answer.headers["vary"]
    shown = answer.headers["access-control-expose-headers"].split(", ")
    assert {"ETag", "Location", "Retry-After", "X-Request-ID"} == set(shown)
    # Tokens travel in a header of their own: no cookie ever comes along.
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"])
def test_our_pages_may_ask_before_they_write(
    anonymous: TestClient, method: str
) -> None:
    answer = preflight(anonymous, OURS[0], method=method)
    assert answer.status_code == 200
    assert granted(answer)["access-control-allow-origin"] == OURS[0]
    assert method in granted(answer)["access-control-allow-methods"]


@pytest.mark.parametrize("asked", [{"method": "TRACE"}, {"headers": "x-surprise"}])
def test_our_pages_may_not_do_everything(
    anonymous: TestClient, asked: dict[str, str]
) -> None:
    assert preflight(anonymous, OURS[0], **asked).status_code == 400


@pytest.mark.asvs("3.4.2")
def test_other_pages_get_no_header(anonymous: TestClient) -> None:
    for origin in THEIRS:
        answer = anonymous.get("auth/me", headers={"origin": origin})
        refused = preflight(anonymous, origin)
        assert (answer.status_code, refused.status_code) == (401, 400), origin
        both = granted(answer) | granted(refused)
        assert "access-control-allow-origin" not in both, origin


def test_our_pages_may_read_the_errors_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"origin": OURS[0]}
    monkeypatch.delattr(BaseRepository, "get")
    answers = [
        client.get("auth/me", headers=headers | {"authorization": "Bearer x"}),
        client.get("nowhere", headers=headers),
        client.get(f"products/{uuid7()}", headers=headers),
        client.post("products", json={}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [401, 404, 500, 422]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == OURS[0]


def test_our_pages_may_read_that_a_body_is_too_large(
    client: TestClient, settings: Settings
) -> None:
    big = b" " * (settings.MAX_BODY_BYTES + 1)
    for path in ("products", "nowhere"):
        answer = client.post(path, content=big, headers={"origin": OURS[0]})
        assert (answer.status_code, answer.json()["status"]) == (413, 413)
        assert answer.headers["access-control-allow-origin"] == OURS[0]
        assert answer.headers["vary"] == "Origin"
        assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
        assert answer.headers["content-length"] == str(len(answer.content))
        theirs = client.post(path, content=big, headers={"origin": THEIRS[0]})
        assert "access-control-allow-origin" not in theirs.headers


def test_a_refused_preflight_is_a_problem(anonymous: TestClient) -> None:
    answer = preflight(anonymous, OURS[0], method="TRACE")
    assert answer.json()["detail"] == "Disallowed CORS method"
    assert answer.headers["access-control-allow-origin"] == OURS[0]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["vary"].startswith("Origin, ")


def test_nobody_is_named_where_no_page_is_ours(url: str) -> None:
    with TestClient(create_app(make_settings(url)), "http://test/api/v1/") as client:
        assert granted(client.get("auth/me", headers={"origin": OURS[0]})) == {}
        refused = preflight(client, OURS[0])
        assert (refused.status_code, granted(refused)) == (405, {})


def test_a_star_never_comes_with_credentials(url: str) -> None:
    settings = make_settings(url, CORS_ORIGINS="*")
    with TestClient(create_app(settings), "http://test/api/v1/") as client:
        for answer in (
            client.get("auth/me", headers={"origin": "https://evil.com"}),
            client.get("auth/me", headers={"origin": OURS[0], "cookie": "a=b"}),
            preflight(client, "https://evil.com"),
        ):
            assert "access-control-allow-credentials" not in answer.headers


OWN = "test,[::1],www.ours"
HOSTS = "test test:8000 TEST [::1] [::1]:8000 www.ours".split()
OTHERS = (
    "evil test.evil evil.test xtest test. test@evil test,evil [::2] 127.0.0.1 * ours"
)


def test_only_names_of_ours_are_answered(url: str) -> None:
    settings = make_settings(url, ALLOWED_HOSTS=OWN, CORS_ORIGINS=OURS[0])
    with TestClient(create_app(settings), "http://test") as client:
        for host in HOSTS:
            assert client.get("/livez", headers={"host": host}).status_code == 200
        for host in OTHERS.split():
            headers = {"host": host, "x-forwarded-host": "test", "origin": OURS[0]}
            for path in ("/api/v1/auth/me", "/livez", "/"):
                refused = client.get(path, headers=headers)
                assert refused.status_code == 400, host
                assert refused.json()["code"] == "bad_request"
                # Not even a page of ours learns anything.
                assert granted(refused) == {}
