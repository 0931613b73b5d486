"""Rate limits of users and API keys: what counts, what is refused, what clients see."""

import re
from collections import Counter
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlmodel import col

from app.audit.models import AuditAccess
from app.auth.limits.models import RateLimitUse
from app.core.config import Settings
from app.core.db.ids import uuid7
from app.core.observability.counts import REQUESTS_LIMITED, counts
from app.main import create_app
from tests.accounts import Account, add_account
from tests.auth.keys.keys import make_key, with_key
from tests.auth.tokens.test_access_tokens import record_statements
from tests.clients import Client
from tests.conftest import Read
from tests.contract import status_and_code
from tests.databases import make_settings
from tests.modules.test_products import PEN

LIMITED = (429, "quota_exceeded")
DAY = 86_400
# RFC 9651: a list of strings with parameters that are integers.
POLICY = re.compile(r'"(\w+)";q=(\d+);w=(\d+)')
LIMIT = re.compile(r'"(\w+)";r=(\d+);t=(\d+)')


@pytest.fixture
def settings(url: str) -> Settings:
    return make_settings(url, RATE_LIMIT_USER=f"5/{DAY}", RATE_LIMIT_KEY=f"3/{DAY}")


@pytest.fixture
def ada(settings: Settings) -> Account:
    return add_account(settings, "products:create", "products:update")


def parse(field: str, item: re.Pattern[str]) -> dict[str, tuple[int, int]]:
    """Parse a field in which nothing but these items may be."""
    matches = [item.fullmatch(part) for part in field.split(", ")]
    assert all(matches), field
    return {it[1]: (int(it[2]), int(it[3])) for it in matches if it}


def standing(answer: Any) -> dict[str, int]:
    """Return what remains of each limit, by the headers of a response."""
    policies = parse(answer.headers["ratelimit-policy"], POLICY)
    limits = parse(answer.headers["ratelimit"], LIMIT)
    assert policies.keys() == limits.keys()
    assert all(0 < limits[name][1] <= policies[name][1] for name in limits)
    return {name: limits[name][0] for name in limits}


def get(client: TestClient, account: Account, path: str = "products") -> Any:
    return client.get(path, headers=account.header)


def test_requests_beyond_the_quota_are_refused(
    anonymous: TestClient, ada: Account
) -> None:
    answers = [get(anonymous, ada) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [standing(it)["user"] for it in answers] == [4, 3, 2, 1, 0, 0, 0]
    refused = answers[-1]
    assert status_and_code(refused) == LIMITED
    assert refused.headers["content-type"] == "application/problem+json"
    limit = parse(refused.headers["ratelimit"], LIMIT)["user"]
    assert refused.headers["retry-after"] == str(limit[1])
    assert parse(refused.headers["ratelimit-policy"], POLICY) == {"user": (5, DAY)}


def test_users_have_a_quota_each(
    anonymous: TestClient, ada: Account, settings: Settings
) -> None:
    other = add_account(settings, "products:read")
    assert [get(anonymous, ada).status_code for _ in range(6)][-1] == 429
    assert standing(get(anonymous, other)) == {"user": 4}


def test_every_kind_of_answer_counts_and_has_the_headers(
    anonymous: TestClient, ada: Account
) -> None:
    header = ada.header
    answers = [
        anonymous.head("products", headers=header),
        anonymous.get(f"products/{uuid7()}", headers=header),
        anonymous.get("users", headers=header),
        anonymous.post("products", json={}, headers=header),
        anonymous.get("auth/me", headers=header),
        anonymous.head("products", headers=header),
    ]
    expected = [200, 404, 403, 422, 200, 429]
    assert [answer.status_code for answer in answers] == expected
    assert [standing(it)["user"] for it in answers] == [4, 3, 2, 1, 0, 0]


def test_a_bulk_request_and_a_feed_count_one(
    anonymous: TestClient, settings: Settings
) -> None:
    ada = add_account(settings, "products:create", "audit:read")
    items = [{"op": "create", "data": PEN | {"sku": f"P-{it}"}} for it in range(9)]
    made = anonymous.post("products/bulk", json={"items": items}, headers=ada.header)
    assert (made.status_code, standing(made)) == (200, {"user": 4})
    opened = anonymous.head("audit/changes/stream", headers=ada.header)
    assert (opened.status_code, standing(opened)) == (200, {"user": 3})


def test_a_crash_has_the_headers(
    anonymous: TestClient, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("app.core.repository.BaseRepository.get")
    crashed = anonymous.get(f"products/{uuid7()}", headers=ada.header)
    assert crashed.status_code == 500
    assert standing(crashed) == {"user": 4}


def test_what_is_not_signed_in_does_not_count(
    anonymous: TestClient, ada: Account
) -> None:
    for answer in (
        anonymous.get("products"),
        anonymous.get("products", headers={"authorization": "Bearer x"}),
        anonymous.get("nowhere", headers=ada.header),
        anonymous.put("products", headers=ada.header),
        anonymous.options("products", headers=ada.header),
        anonymous.get("/livez"),
    ):
        assert "ratelimit" not in answer.headers
    assert standing(get(anonymous, ada)) == {"user": 4}


def test_a_refreshed_token_has_the_same_quota(
    anonymous: TestClient, ada: Account
) -> None:
    assert [get(anonymous, ada).status_code for _ in range(6)][-1] == 429
    body = {"refresh_token": ada.refresh_token}
    pair = anonymous.post("auth/refresh", json=body).json()
    header = {"authorization": f"Bearer {pair['access_token']}"}
    assert anonymous.get("products", headers=header).status_code == 429


def test_a_revoked_session_gets_401_and_not_429(
    anonymous: TestClient, ada: Account, client: TestClient
) -> None:
    assert [get(anonymous, ada).status_code for _ in range(6)][-1] == 429
    deactivated = client.patch(f"users/{ada.id}", json={"is_active": False})
    assert deactivated.status_code == 200
    assert get(anonymous, ada).status_code == 401


def test_a_key_counts_for_itself_and_for_its_owner(
    client: TestClient, ada: Account
) -> None:
    one, two = (with_key(make_key(client, ada, "products:read")) for _ in range(2))
    assert standing(client.get("products", headers=one)) == {"key": 2, "user": 2}
    assert standing(client.get("products", headers=one)) == {"key": 1, "user": 1}
    # What the key's limit refuses is not taken from the owner.
    assert standing(client.get("products", headers=one)) == {"key": 0, "user": 0}
    refused = client.get("products", headers=one)
    assert (status_and_code(refused), standing(refused)) == (LIMITED, {"key": 0})
    # Another key does not help.
    refused = client.get("products", headers=two)
    assert status_and_code(refused) == LIMITED
    assert standing(refused) == {"key": 2, "user": 0}


def test_a_refused_request_frees_its_idempotency_key(
    anonymous: TestClient, ada: Account, settings: Settings, app: FastAPI
) -> None:
    header = ada.header | {"Idempotency-Key": "one"}
    assert [get(anonymous, ada).status_code for _ in range(5)] == [200] * 5
    assert anonymous.post("products", json=PEN, headers=header).status_code == 429
    end_window(anonymous, app)
    made = anonymous.post("products", json=PEN, headers=header)
    assert (made.status_code, standing(made)) == (201, {"user": 4})
    again = anonymous.post("products", json=PEN, headers=header)
    assert again.headers["idempotency-replayed"] == "true"
    assert standing(again) == {"user": 3}


def end_window(client: TestClient, app: FastAPI) -> None:
    """Let the window of all callers end, for this process and the database."""

    async def change() -> None:
        database = app.state.health.database
        async with database.writing() as session:
            earlier = col(RateLimitUse.ends_at) - DAY
            await session.execute(update(RateLimitUse).values(ends_at=earlier))

    client.call(change)  # type: ignore[attr-defined]  # of tests.clients
    limits = app.state.auth.rate_limits
    for policy in (limits.user, limits.key):
        ahead = policy.clock() + DAY
        policy.clock = lambda ahead=ahead: ahead


def test_the_quota_is_whole_again_in_the_next_window(
    anonymous: TestClient, ada: Account, app: FastAPI, read: Read
) -> None:
    assert [get(anonymous, ada).status_code for _ in range(6)][-1] == 429
    end_window(anonymous, app)
    assert standing(get(anonymous, ada)) == {"user": 4}
    assert read(select(col(RateLimitUse.used))) == [1]


def test_refusals_are_recorded_and_counted(
    anonymous: TestClient, ada: Account, app: FastAPI, client: TestClient, read: Read
) -> None:
    before = counts[REQUESTS_LIMITED["user"]]
    for _ in range(7):
        get(anonymous, ada)
    assert counts[REQUESTS_LIMITED["user"]] == before + 2
    client.call(app.state.access_log.loader.load)  # type: ignore[attr-defined]
    own = col(AuditAccess.user_id) == ada.id
    found = Counter(read(select(col(AuditAccess.status)).where(own)))
    assert found == {200: 5, 429: 2}


@pytest.mark.slow
def test_most_requests_cost_no_statement(url: str) -> None:
    settings = make_settings(url, RATE_LIMIT_USER=f"200/{DAY}")
    ada = add_account(settings, "products:read")
    app = create_app(settings)
    with Client(app, base_url="http://test/api/v1/") as client:
        statements = record_statements(app)
        for _ in range(100):
            assert get(client, ada).status_code == 200
        assert sum("rate_limit_use" in it for it in statements) == 5


def test_without_limits_there_is_no_statement_and_no_header(url: str) -> None:
    settings = make_settings(url)
    ada = add_account(settings, "products:read")
    app = create_app(settings)
    assert app.state.auth.rate_limits is None
    with Client(app, base_url="http://test/api/v1/") as client:
        statements = record_statements(app)
        answer = get(client, ada)
    assert not any("rate_limit_use" in statement for statement in statements)
    assert not [name for name in answer.headers if "ratelimit" in name]
