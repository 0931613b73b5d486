"""The access log: one row for each request, and no secrets in it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from app.audit.access.repository import AccessRepository
from app.core.config import Settings
from app.core.db.ids import uuid7
from app.core.web.plain_text_errors import no_request
from app.main import create_app
from tests.accounts import PASSWORD, ROOT
from tests.audit.access.conftest import Accesses
from tests.auth.keys.keys import make_key, with_key
from tests.auth.signing import refresh, revoke, sign_in
from tests.conftest import MakeAccount
from tests.databases import make_settings
from tests.modules.test_products import PEN
from tests.processes.servers import TIMEOUT

CANARY = "hunter2-canary"
JSON = {"content-type": "application/json"}
PRODUCTS = "/api/v1/products"
# Method, path, arguments of the request, and expected status.
REQUESTS: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/livez", {}, 200),
    ("GET", "/", {}, 200),
    ("GET", "/static/site.css", {}, 200),
    ("GET", "/openapi.json", {}, 200),
    ("GET", PRODUCTS, {}, 200),
    ("HEAD", PRODUCTS, {}, 200),
    ("HEAD", PRODUCTS, {"params": {"limit": "many"}}, 422),
    ("POST", PRODUCTS, {"json": PEN}, 201),
    ("GET", "/nowhere", {}, 404),
    ("GET", f"{PRODUCTS}/{uuid7()}", {}, 404),
    ("PUT", PRODUCTS, {}, 405),
    ("SURPRISE", PRODUCTS, {}, 405),
    ("GET", PRODUCTS, {"params": {"limit": "many"}}, 422),
    ("POST", PRODUCTS, {"json": {}}, 422),
    ("POST", PRODUCTS, {"content": b"{", "headers": JSON}, 400),
    ("POST", PRODUCTS, {"content": b"{}", "headers": {"content-type": "a/b"}}, 415),
    ("POST", PRODUCTS, {"content": b" " * 2**21, "headers": JSON}, 413),
    ("GET", PRODUCTS, {"headers": {"host": "elsewhere.example"}}, 400),
    ("GET", PRODUCTS, {"headers": {"authorization": "Bearer forged"}}, 401),
    ("GET", "/crash", {}, 500),
]


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    app = create_app(settings)

    @app.get("/crash")
    async def crash() -> None:
        raise ZeroDivisionError

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise ZeroDivisionError

        return StreamingResponse(parts())

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            await asyncio.Event().wait()

        return StreamingResponse(parts())

    return app


@pytest.mark.slow
@pytest.mark.parametrize("request_and_status", REQUESTS)
def test_each_request_is_recorded_in_one_row(
    client: TestClient,
    accesses: Accesses,
    request_and_status: tuple[str, str, dict[str, Any], int],
) -> None:
    method, path, sent, status = request_and_status
    response = client.request(method, f"http://test{path}", **sent)
    assert response.status_code == status
    (row,) = accesses()
    assert row.status == status
    assert row.request_id == response.headers["x-request-id"]
    assert (row.method, row.path) == (method, path)
    assert row.bytes == len(response.content)
    assert row.outcome == ("crashed" if status == 500 else "answered")
    assert row.duration_ms > 0
    assert row.user_agent == "testclient"


@pytest.mark.either
def test_an_incomplete_response_is_recorded_as_crashed(
    client: TestClient, accesses: Accesses
) -> None:
    patient = TestClient(client.app, "http://test", raise_server_exceptions=False)
    patient.get("half")
    (row,) = accesses()
    assert (row.status, row.bytes, row.outcome) == (200, 4, "crashed")


def test_a_row_names_the_user(client: TestClient, accesses: Accesses) -> None:
    client.get("products")
    (row,) = accesses()
    assert (row.user_id, row.session_id) == (ROOT.user_id, ROOT.session_id)
    assert row.user_label == "root@example.com"


@pytest.mark.either
@pytest.mark.parametrize("closed", [{"is_active": False}, {}])
def test_a_rejected_request_names_an_authenticated_user(
    anonymous: TestClient,
    accesses: Accesses,
    make_account: MakeAccount,
    closed: dict[str, bool],
) -> None:
    user = make_account("tasks:read", **closed)
    refused = anonymous.get("products", headers=user.header)
    (row,) = accesses()
    assert row.status == refused.status_code == (401 if closed else 403)
    # An invalid token is rejected before its user is loaded.
    assert row.user_id == (None if closed else user.id)


@pytest.mark.either
def test_an_anonymous_request_has_no_user(
    anonymous: TestClient, accesses: Accesses
) -> None:
    anonymous.get("products")
    (row,) = accesses()
    assert (row.user_id, row.user_label, row.session_id) == (None, None, None)
    assert (row.status, row.route) == (401, PRODUCTS)


def test_requests_with_credentials_of_a_user_name_the_user(
    anonymous: TestClient, accesses: Accesses, make_account: MakeAccount
) -> None:
    ada = make_account()
    sessions = [sign_in(anonymous, ada.email) for _ in range(2)]
    used, revoked = sessions
    assert [refresh(anonymous, used).status_code for _ in range(2)] == [200, 401]
    assert [revoke(anonymous, pair) for pair in (revoked, revoked)] == [204] * 2
    *named, unknown = accesses()
    assert {(row.user_id, row.user_label, row.user_name) for row in named} == {
        (ada.id, ada.email, "Test")
    }
    first, second = (row.session_id for row in named[:2])
    assert [row.session_id for row in named[2:]] == [first, first, second]
    assert (unknown.user_id, unknown.session_id) == (None, None)


@pytest.mark.either
def test_a_row_has_the_route_template(client: TestClient, accesses: Accesses) -> None:
    client.get("products/01a20854-3432-71e0-9c03-a3e376497c38")
    client.get("nowhere")
    route = "/api/v1/products/{product_id}"
    assert [row.route for row in accesses()] == [route, None]


@pytest.mark.either
def test_the_ip_is_the_client_address(settings: Settings, accesses: Accesses) -> None:
    # Without a trusted proxy, the header is ignored.
    app = create_app(settings)
    with TestClient(app, "http://test", client=("192.0.2.1", 1)) as client:
        client.get("/livez", headers={"x-forwarded-for": "198.51.100.7"})
    (row,) = accesses()
    assert row.ip == "192.0.2.1"


@pytest.mark.either
def test_the_ip_is_forwarded_by_a_trusted_proxy(url: str, accesses: Accesses) -> None:
    app = create_app(make_settings(url, TRUSTED_PROXIES="192.0.2.0/24"))
    with TestClient(app, "http://test", client=("192.0.2.1", 1)) as client:
        client.get("/livez", headers={"x-forwarded-for": "198.51.100.7"})
    (row,) = accesses()
    assert row.ip == "198.51.100.7"


@pytest.mark.either
@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("q=pen&limit=5", "q=pen&limit=5"),
        (f"token={CANARY}&q=pen", "token=***&q=pen"),
        (f"Access_Token={CANARY}", "Access_Token=***"),
        (f"new-PASSWORD={CANARY}", "new-PASSWORD=***"),
        (f"api_key={CANARY}&api_key={CANARY}", "api_key=***&api_key=***"),
        (f"code={CANARY}={CANARY}", "code=***"),
        (f"%74oken={CANARY}", "%74oken=***"),
        (f"x%5Bclient+secret%5D={CANARY}", "x%5Bclient+secret%5D=***"),
        (f"Authorization=Bearer%20{CANARY}", "Authorization=***"),
        ("token", "token"),
        (f"q={'x' * 2100}&token={CANARY}", f"q={'x' * 2046}"),
        ("q=%0D%0Aforged", "q=%0D%0Aforged"),
    ],
)
def test_secrets_in_a_query_are_masked(
    anonymous: TestClient, accesses: Accesses, query: str, kept: str
) -> None:
    anonymous.get(f"http://test/livez?{query}")
    (row,) = accesses()
    assert row.query == kept


@pytest.mark.either
def test_bodies_and_headers_are_not_recorded(
    anonymous: TestClient, accesses: Accesses
) -> None:
    form = {"username": "root@example.com", "password": PASSWORD}
    pair = anonymous.post("auth/login", data=form).json()
    anonymous.post("auth/login", data=form | {"password": CANARY})
    anonymous.get(
        "auth/me", headers={"authorization": f"Bearer {pair['access_token']}"}
    )
    anonymous.post("auth/refresh", json={"refresh_token": pair["refresh_token"]})
    recorded = " ".join(row.model_dump_json() for row in accesses())
    assert "root@example.com" in recorded
    secrets = (PASSWORD, CANARY, pair["access_token"], pair["refresh_token"])
    assert [secret for secret in secrets if secret in recorded] == []


@pytest.mark.either
def test_invisible_characters_are_escaped(
    anonymous: TestClient, accesses: Accesses
) -> None:
    agent = {"user-agent": "a\tb\x7fc"}
    anonymous.get("http://test/a%0D%0Ab%00%E2%80%AE%ED%A0%80%C3%A9", headers=agent)
    (row,) = accesses()
    assert row.path.startswith("/a%0D%0Ab%00%E2%80%AE")
    assert row.path.endswith("é")
    assert row.user_agent == "a%09b%7Fc"


def test_long_values_are_truncated(anonymous: TestClient, accesses: Accesses) -> None:
    agent = {"user-agent": "\x7f" * 300}
    anonymous.get(f"http://test/{'é' * 5_000}", headers=agent)
    (row,) = accesses()
    assert row.path == f"/{'é' * 2_047}"
    assert row.user_agent
    assert len(row.user_agent) == 255


@pytest.mark.either
@pytest.mark.anyio
async def test_a_row_is_on_disk_before_the_response_ends(app: FastAPI) -> None:
    spool = app.state.access_log.spool.folder
    found: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        found.append("".join(path.read_text() for path in spool.glob("*")))

    await app(request("/livez"), receive, send)
    start, body = found
    assert start == ""
    assert json.loads(body)["path"] == "/livez"


@pytest.mark.either
@pytest.mark.anyio
async def test_a_disconnect_is_recorded(app: FastAPI) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    await app(request("/api/v1/auth/refresh", "POST"), receive, send)
    assert only_row(app)["outcome"] == "disconnected"


@pytest.mark.either
@pytest.mark.anyio
async def test_an_interrupted_download_is_recorded_too(app: FastAPI) -> None:
    started = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await started.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message.get("body"):
            started.set()

    async with asyncio.timeout(TIMEOUT):
        await app(request("/endless"), receive, send)
    row = only_row(app)
    assert (row["status"], row["bytes"]) == (200, 4)
    assert row["outcome"] == "disconnected"


@pytest.mark.either
@pytest.mark.anyio
async def test_a_cancelled_request_is_recorded_too(app: FastAPI) -> None:
    async def receive() -> dict[str, Any]:
        raise asyncio.CancelledError

    async def send(message: Any) -> None:
        pass

    with pytest.raises(asyncio.CancelledError):
        await app(request("/api/v1/auth/refresh", "POST"), receive, send)
    row = only_row(app)
    assert (row["status"], row["outcome"]) == (None, "crashed")


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["blocking", "blocking-strict"])
async def test_a_request_that_is_cancelled_while_it_is_recorded_is_recorded(
    url: str, mode: str
) -> None:
    """As at the end of a stop, while the database is silent."""
    inserting = asyncio.Event()

    async def hang(*_: object) -> None:
        inserting.set()
        await asyncio.Event().wait()

    async def ignore(message: Any) -> None: ...

    app = create_app(make_settings(url, AUDIT_ACCESS_MODE=mode))
    async with app.router.lifespan_context(app):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AccessRepository, "insert", hang)
            scope = request("/livez")
            task = asyncio.create_task(app(scope, no_request, ignore))
            await inserting.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert only_row(app)["path"] == "/livez"


def only_row(app: FastAPI) -> dict[str, Any]:
    """Return the one row in the spool."""
    (segment,) = app.state.access_log.spool.folder.iterdir()
    (line,) = segment.read_text().splitlines()
    row: dict[str, Any] = json.loads(line)
    return row


def request(path: str, method: str = "GET") -> dict[str, Any]:
    headers = [(b"host", b"test"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    return scope | {"query_string": b"", "client": None, "http_version": "1.1"}


def test_a_repeated_request_id_adds_a_row(
    client: TestClient, accesses: Accesses
) -> None:
    ids = ["same", "same"]
    for each in ids:
        client.get("products", headers={"x-request-id": each})
    assert [row.request_id for row in accesses()] == ids


def test_a_row_has_the_api_key(
    client: TestClient, make_account: MakeAccount, accesses: Accesses
) -> None:
    ada = make_account("products:read")
    key = make_key(client, ada, "products:read", name="nightly import")
    for header in (with_key(key), ada.header):
        client.get("products", headers=header)
    client.get(f"products/{key['key']}?q={key['key']}", headers=with_key(key))
    program, person, masked = accesses()[-3:]
    assert (program.user_id, program.session_id) == (ada.id, None)
    assert (str(program.key_id), program.key_name) == (key["id"], "nightly import")
    assert (person.user_id, person.key_id, person.key_name) == (ada.id, None, None)
    shown = f"bo_{key['prefix']}_***"
    assert (masked.path, masked.query) == (f"{PRODUCTS}/{shown}", f"q={shown}")
    found = client.get("audit/accesses", params={"key_id": key["id"]}).json()["items"]
    assert [each["id"] for each in found] == [str(masked.id), str(program.id)]


def test_a_row_has_the_api_key_that_is_not_allowed(
    client: TestClient, make_account: MakeAccount, accesses: Accesses
) -> None:
    ada = make_account("products:read")
    key = make_key(client, ada, "products:read", name="nightly import")
    body = {"refresh_token": ada.refresh_token}
    for method, path in (("GET", "auth/keys"), ("POST", "auth/refresh")):
        answer = client.request(method, path, json=body, headers=with_key(key))
        assert answer.status_code == 403
    client.delete(f"users/{ada.id}/keys/{key['id']}")
    assert client.get("auth/keys", headers=with_key(key)).status_code == 403
    *valid, _, revoked = accesses()[-4:]
    assert {(row.user_id, str(row.key_id)) for row in valid} == {(ada.id, key["id"])}
    assert (revoked.user_id, revoked.key_id) == (None, None)
