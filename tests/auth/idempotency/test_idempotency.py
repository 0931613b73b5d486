"""A request with an Idempotency-Key is done once, and repeated with its response."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, select
from sqlmodel import col

from app.auth.idempotency import dependencies
from app.auth.idempotency.models import IdempotencyKey
from app.auth.idempotency.repository import IdempotencyRepository
from app.auth.sessions import purge
from app.core.clock import now
from app.core.config import Settings
from app.core.db.database import Database
from app.main import open_database
from tests.accounts import PASSWORD
from tests.auth.sessions.test_refresh import NEW_SECRET
from tests.auth.tokens.test_access_tokens import running
from tests.conftest import ClientWith, MakeAccount, Read
from tests.contract import status_and_code
from tests.databases import SECRET, make_settings

PEN = {"sku": "PEN-1", "name": "Pen", "price": "1.50", "stock": 3}
KEY = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
REPLAYED = "idempotency-replayed"
COUNT = select(func.count()).select_from(IdempotencyKey)


def post(client: TestClient, body: Any = PEN, **headers: str) -> Any:
    return client.post("products", json=body, headers=KEY | headers)


def versions(client: TestClient, url: str) -> list[int]:
    items = client.get(f"{url}/history").json()["items"]
    return [change["version"] for change in items]


def test_a_repeated_post_makes_one_record(client: TestClient) -> None:
    first, second = post(client), post(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    for name in ("etag", "location", "content-type", "content-length"):
        assert first.headers[name] == second.headers[name]
    assert (first.headers.get(REPLAYED), second.headers[REPLAYED]) == (None, "true")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert client.get("products").json()["total"] == 1
    assert versions(client, f"products/{first.json()['id']}") == [1]


def test_a_repeated_patch_and_delete_are_done_once(client: TestClient) -> None:
    url = f"products/{post(client).json()['id']}"
    headers = KEY | {"if-match": '"1"'}
    for _ in range(2):
        changed = client.patch(url, json={"stock": 9}, headers=headers)
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    for _ in range(2):
        gone = client.delete(url, headers=KEY)
        assert (gone.status_code, gone.content) == (204, b"")
    assert versions(client, url) == [3, 2, 1]


def test_history_routes_take_a_key(client: TestClient) -> None:
    url = f"products/{post(client).json()['id']}"
    client.delete(url)
    answers = [client.post(f"{url}/restore", headers=KEY) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[1].headers[REPLAYED] == "true"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (PEN | {"name": "Ink"}, {}),
        (PEN, {"if-match": "*"}),
        (PEN, {"if-match": ""}),
        (PEN, {"content-type": "application/json; charset=utf-8"}),
    ],
    ids=["body", "if-match", "empty if-match", "content-type"],
)
def test_a_key_of_another_request_is_refused(
    client: TestClient, body: Any, headers: dict[str, str]
) -> None:
    post(client)
    again = post(client, body, **headers)
    assert status_and_code(again) == (422, "idempotency_key_reused")


def test_keys_are_of_one_user_method_and_path(
    client: TestClient, make_account: MakeAccount
) -> None:
    pen = post(client)
    url = f"products/{pen.json()['id']}"
    assert client.patch(url, json={"stock": 1}, headers=KEY).status_code == 200
    other = {"name": "Ada", "email": "ada@example.com"}
    assert client.post("customers", json=other, headers=KEY).status_code == 201
    stranger = make_account("products:read", "products:create").header
    taken = post(client, **stranger)
    assert status_and_code(taken) == (409, "conflict")


def test_a_refusal_frees_the_key(client: TestClient, read: Read) -> None:
    ink = client.post("products", json=PEN).json()["id"]
    assert post(client).status_code == 409
    assert post(client, PEN | {"price": "x"}).status_code == 422
    assert read(COUNT) == [0]
    client.delete(f"products/{ink}")
    assert post(client).status_code == 201


def test_the_permission_is_checked_before_a_replay(
    client_with: ClientWith, make_account: MakeAccount
) -> None:
    account = make_account("products:read", "products:create")
    client = client_with()
    client.headers.update(account.header)
    assert post(client).status_code == 201
    client.post("auth/logout")
    assert post(client).status_code == 401


@pytest.mark.parametrize("key", ["", "é", "a\tb", "x" * 256])
def test_a_malformed_key_is_refused(client: TestClient, key: str) -> None:
    headers = {"idempotency-key": key.encode("latin-1")}
    assert client.post("products", json=PEN, headers=headers).status_code == 400  # type: ignore[arg-type]


def test_two_keys_are_refused(client: TestClient) -> None:
    headers = [("idempotency-key", "a"), ("idempotency-key", "b")]
    assert client.post("products", json=PEN, headers=headers).status_code == 400


def test_a_password_is_changed_once(client: TestClient) -> None:
    user = {"email": "u@example.com", "full_name": "U", "password": PASSWORD}
    url = f"users/{client.post('users', json=user).json()['id']}"
    for _ in range(2):
        changed = client.patch(url, json={"password": "oak of brass"}, headers=KEY)
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')


def test_a_put_takes_no_key(client: TestClient, make_account: MakeAccount) -> None:
    url = f"users/{make_account().id}/superuser"
    body = {"current_password": PASSWORD, "is_superuser": True}
    for _ in range(2):
        done = client.put(url, json=body, headers=KEY)
        assert (done.status_code, done.headers.get(REPLAYED)) == (200, None)


def test_a_large_response_is_not_kept(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dependencies, "MAX_BODY", 10)
    first = post(client)
    assert first.status_code == 201
    again = post(client)
    assert status_and_code(again) == (409, "idempotency_response_too_large")
    assert first.headers["x-request-id"] in again.json()["detail"]
    assert client.get("products").json()["total"] == 1


def test_a_password_cannot_be_guessed_from_the_fingerprint(
    client: TestClient, read: Read
) -> None:
    user = {"email": "u@example.com", "full_name": "U", "password": PASSWORD}
    made = client.post("users", json=user, headers=KEY)
    assert made.status_code == 201
    (found,) = read(select(col(IdempotencyKey.fingerprint)))
    body = made.request.content
    parts = (b"", b"", b"application/json", body)
    plain = sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()
    assert found not in (plain, sha256(body).hexdigest())


def test_keys_are_purged_after_a_day(
    client: TestClient, settings: Settings, read: Read
) -> None:
    assert post(client).status_code == 201

    async def run_purge() -> None:
        async with open_database(settings) as database, database.writing() as session:
            await purge.purge(session)

    for hours, left in ((23, 1), (25, 0)):
        with time_machine.travel(now() + timedelta(hours=hours)):
            asyncio.run(run_purge())
        assert read(COUNT) == [left]


def test_the_framework_s_own_way_keeps_answers(
    app: FastAPI, client: TestClient
) -> None:
    app.dependency_overrides[object] = object
    assert [post(client).headers.get(REPLAYED) for _ in range(2)] == [None, "true"]


def test_a_key_that_is_purged_meanwhile_is_free(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    if app.state.settings.DATABASE_URL.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    url = f"products/{post(client).json()['id']}"
    assert client.delete(url).status_code == 204
    find = IdempotencyRepository.find

    async def find_late(keys: IdempotencyRepository, id: str) -> Any:
        monkeypatch.setattr(IdempotencyRepository, "find", find)
        async with app.state.health.database.writing() as session:
            await session.execute(delete(IdempotencyKey))
        return await find(keys, id)

    monkeypatch.setattr(IdempotencyRepository, "find", find_late)
    again = post(client)
    assert (again.status_code, again.headers.get(REPLAYED)) == (201, None)
    assert client.get(url).status_code == 404


def test_a_request_is_repeated_while_a_former_secret_is_listed(
    settings: Settings, make_account: MakeAccount
) -> None:
    header = make_account("products:create").header
    with running(settings) as client:
        assert post(client, **header).status_code == 201
    old = {"SECRET_KEYS_OLD": (SECRET,)}
    changed = make_settings(settings.DATABASE_URL, SECRET_KEY=NEW_SECRET, **old)
    with running(changed) as client:
        again = post(client, **header)
        assert (again.status_code, again.headers.get(REPLAYED)) == (201, "true")
        other = post(client, PEN | {"stock": 4}, **header)
        assert status_and_code(other) == (422, "idempotency_key_reused")


@pytest.mark.anyio
async def test_a_change_with_a_key_needs_no_orm_session(database: Database) -> None:
    key = IdempotencyKey(id="1", fingerprint="2", request_id="3")
    async with database.writing() as session:
        keys = IdempotencyRepository(session)
        assert await keys.reserve(key)
        assert not await keys.reserve(key)
        assert (await keys.find("1")) == key
        assert not session.has_orm_session
