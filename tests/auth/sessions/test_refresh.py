"""Refresh tokens: rotation, reuse, expiry and forgery."""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import SQLModel, col
from structlog.testing import capture_logs
from time_machine import TimeMachineFixture

from app.auth.components import AuthComponents
from app.auth.models import AuthSession
from app.auth.tokens.keys import Key
from app.auth.tokens.refresh_tokens import RefreshToken, encode_refresh_token
from app.core.config import Settings
from app.main import open_database
from tests.auth.signing import me, refresh, revoke, sign_in
from tests.auth.tokens.attacks import KEY, Forgery, Json
from tests.auth.tokens.test_access_tokens import record_statements, running
from tests.conftest import MakeAccount, Read
from tests.databases import SECRET, make_settings

NEW_SECRET = "test-only-" + "n" * 40
NEW_KEY = Key.from_secret(NEW_SECRET)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def pair(make_account: MakeAccount) -> Json:
    return asdict(make_account())


@pytest.fixture
def grace_client(settings: Settings) -> Iterator[TestClient]:
    """A client of an application with a grace period of ten seconds."""
    url = settings.DATABASE_URL
    with running(make_settings(url, REFRESH_GRACE_SECONDS=10)) as client:
        yield client


@pytest.fixture
def clock(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    """Stop the clock; `clock.shift` moves it."""
    time_machine.move_to(datetime.now(UTC), tick=False)
    return time_machine


def refresh_pair(client: TestClient, pair: Json) -> Json:
    answer = refresh(client, pair)
    assert answer.status_code == 200, answer.text
    renewed: Json = answer.json()
    return renewed


def are_rejected(client: TestClient, *pairs: Json) -> bool:
    """Try all access tokens, then all refresh tokens."""
    statuses = [me(client, pair) for pair in pairs]
    statuses += [refresh(client, pair).status_code for pair in pairs]
    return set(statuses) == {401}


@pytest.mark.asvs("7.2.2")
def test_a_refresh_returns_a_new_pair(anonymous: TestClient, pair: Json) -> None:
    first = refresh(anonymous, pair)
    assert first.headers["cache-control"] == "no-store"
    second = refresh_pair(anonymous, first.json())
    assert me(anonymous, first.json()) == me(anonymous, second) == 200
    names = ("access_token", "refresh_token")
    assert len({p[name] for name in names for p in (pair, first.json(), second)}) == 6


@pytest.mark.slow
@pytest.mark.asvs("10.4.5")
@pytest.mark.parametrize("generations", [1, 2, 5])
def test_a_reused_token_revokes_its_session(
    anonymous: TestClient, pair: Json, read: Read, generations: int
) -> None:
    other, family = sign_in(anonymous, pair["email"]), [pair]
    for _ in range(generations):
        family.append(refresh_pair(anonymous, family[-1]))
    with capture_logs() as logs:
        assert refresh(anonymous, pair).json()["code"] == "invalid_grant"
    assert "token_reused" in [entry["event"] for entry in logs]
    assert are_rejected(anonymous, *family)
    reasons = read(select(col(AuthSession.revoked_reason)))
    assert [reason for reason in reasons if reason] == ["reuse"]
    assert me(anonymous, refresh_pair(anonymous, other)) == 200


@pytest.mark.slow
@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("generations", [0, 1, 3])
def test_a_refresh_token_ends_its_session_without_the_access_token(
    anonymous: TestClient,
    pair: Json,
    read: Read,
    clock: TimeMachineFixture,
    generations: int,
) -> None:
    """Also an old one: a closed tab may never have got the latest."""
    other, family = sign_in(anonymous, pair["email"]), [pair]
    for _ in range(generations):
        family.append(refresh_pair(anonymous, family[-1]))
    clock.shift(timedelta(hours=1))
    assert me(anonymous, family[-1]) == 401
    assert [revoke(anonymous, pair), revoke(anonymous, pair)] == [204, 204]
    assert are_rejected(anonymous, *family)
    reasons = read(select(col(AuthSession.revoked_reason)))
    assert [reason for reason in reasons if reason] == ["logout"]
    assert me(anonymous, refresh_pair(anonymous, other)) == 200


@pytest.mark.slow
def test_a_reused_token_is_accepted_within_the_grace_period(
    grace_client: TestClient, pair: Json, clock: TimeMachineFixture
) -> None:
    first = refresh_pair(grace_client, pair)
    clock.shift(timedelta(seconds=9.9))
    second = refresh_pair(grace_client, pair)
    assert second["refresh_token"] == first["refresh_token"]
    assert [me(grace_client, each) for each in (pair, first, second)] == [200] * 3
    # The grace period starts at the rotation, not at the reuse.
    clock.shift(timedelta(seconds=0.1))
    assert refresh(grace_client, pair).status_code == 401
    assert are_rejected(grace_client, pair, first, second)


def test_the_grace_period_covers_one_generation_only(
    grace_client: TestClient, pair: Json
) -> None:
    child = refresh_pair(grace_client, pair)
    grandchild = refresh_pair(grace_client, child)
    assert (
        refresh_pair(grace_client, child)["refresh_token"]
        == grandchild["refresh_token"]
    )
    assert refresh(grace_client, pair).status_code == 401
    assert are_rejected(grace_client, pair, child, grandchild)


def test_a_session_continues_after_a_race(
    grace_client: TestClient, pair: Json, clock: TimeMachineFixture
) -> None:
    first = refresh_pair(grace_client, pair)
    assert refresh_pair(grace_client, pair)["refresh_token"] == first["refresh_token"]
    clock.shift(60 * SECOND)
    assert me(grace_client, refresh_pair(grace_client, first)) == 200


@pytest.mark.asvs("7.4.2")
def test_a_disabled_user_cannot_refresh(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    """The user is disabled in the database, and the session is not revoked."""
    assert are_rejected(anonymous, asdict(make_account(is_active=False)))


@pytest.mark.asvs("7.3.1")
def test_an_idle_session_expires_after_a_week(
    anonymous: TestClient, make_account: MakeAccount, clock: TimeMachineFixture
) -> None:
    used, unused = asdict(make_account()), asdict(make_account())
    clock.shift(7 * DAY - SECOND)
    used = refresh_pair(anonymous, used)
    clock.shift(SECOND)
    assert are_rejected(anonymous, unused)
    clock.shift(6 * DAY)
    assert me(anonymous, refresh_pair(anonymous, used)) == 200


@pytest.mark.asvs("7.3.2")
@pytest.mark.asvs("10.4.8")
def test_every_session_expires_after_a_month(
    anonymous: TestClient, make_account: MakeAccount, clock: TimeMachineFixture
) -> None:
    pair = asdict(make_account())
    for days in (6, 6, 6, 6, 5):
        clock.shift(days * DAY)
        pair = refresh_pair(anonymous, pair)
    clock.shift(DAY - SECOND)
    pair = refresh_pair(anonymous, pair)
    assert me(anonymous, pair) == 200
    clock.shift(SECOND)
    assert are_rejected(anonymous, pair)


@pytest.mark.slow
def test_the_session_lifetime_is_configurable(
    settings: Settings, make_account: MakeAccount, clock: TimeMachineFixture
) -> None:
    days = {"REFRESH_IDLE_DAYS": 1, "REFRESH_ABSOLUTE_DAYS": 2}
    with running(make_settings(settings.DATABASE_URL, **days)) as client:
        used, unused = (sign_in(client, make_account().email) for _ in "12")
        clock.shift(DAY - SECOND)
        used = refresh_pair(client, used)
        clock.shift(SECOND)
        assert are_rejected(client, unused)
        clock.shift(DAY - 2 * SECOND)
        used = refresh_pair(client, used)
        clock.shift(2 * SECOND)
        assert are_rejected(client, used)


# {s} is the secret of a valid token, {m} its MAC.
MALFORMED = (
    *("", "x", "null", "rt1", "rt1...", "rt1.{s}.1", "rt1.{s}.1.", "rt1.{s}.1.{m}."),
    *("rt2.{s}.1.{m}", "RT1.{s}.1.{m}", "{s}.1.{m}", "rt1.{s}.2.{m}", "rt1.{s}.01.{m}"),
    *("rt1.{s}.0.{m}", "rt1.{s}.-1.{m}", "rt1.{s}.1e0.{m}", "rt1.{s}.\u0661.{m}"),
    *("rt1.{s}.1.{m}=", "rt1.{s}=.1.{m}", "rt1.{m}.1.{s}", "rt1.{s}.1.{s}"),
    *(f"rt1.{{s}}.{10**30}.{{m}}", f"rt1.{'A' * 43}.1.{{m}}", "rt1.\u00e9.1.{m}"),
    *("rt1.{s}.1.{m} rt1.{s}.1.{m}", "Bearer rt1.{s}.1.{m}"),
    *("rt1.{s}.1." + "\u00e9" * 43, "rt1." + "\u00e9" * 43 + ".1.{m}"),
)


@pytest.mark.slow
def test_a_malformed_token_is_rejected_without_a_statement(
    app: FastAPI, anonymous: TestClient, pair: Json
) -> None:
    _, secret, _, mac = pair["refresh_token"].split(".")
    texts = [template.format(s=secret, m=mac) for template in MALFORMED]
    texts += [encode_refresh_token(RefreshToken(secret, 1), NEW_KEY)]
    statements, responses = record_statements(app), set[tuple[int, bytes]]()
    for text in texts:
        headers, body = {"x-request-id": "one"}, {"refresh_token": text}
        answer = anonymous.post("auth/refresh", json=body, headers=headers)
        assert (text, answer.status_code) == (text, 401)
        # There is nothing left to revoke (RFC 7009).
        assert revoke(anonymous, body) == 204
        responses.add((answer.status_code, answer.content))
    assert len(responses) == 1
    assert statements == []
    assert me(anonymous, refresh_pair(anonymous, pair)) == 200


@pytest.mark.asvs("9.2.2")
def test_an_access_token_is_rejected_as_a_refresh_token(
    anonymous: TestClient, pair: Json
) -> None:
    swapped = {"refresh_token": pair["access_token"]}
    answer = refresh(anonymous, swapped)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_grant")


@pytest.mark.slow
def test_an_old_key_verifies_while_it_is_listed(
    settings: Settings, make_account: MakeAccount
) -> None:
    url, pair, late = (
        settings.DATABASE_URL,
        asdict(make_account()),
        asdict(make_account()),
    )
    old = {"SECRET_KEYS_OLD": (SECRET,)}
    claims = AuthComponents.from_settings(settings).tokens.decode(pair["access_token"])
    says = claims.model_dump(mode="json")
    confused = (Forgery({"kid": NEW_KEY.kid}), Forgery(key=NEW_KEY.access))
    with running(make_settings(url, SECRET_KEY=NEW_SECRET, **old)) as client:
        assert me(client, pair) == 200
        for forgery in confused:
            assert me(client, {"access_token": forgery.of(says)}) == 401
        pair = refresh_pair(client, pair)
    with running(make_settings(url, SECRET_KEY=NEW_SECRET)) as client:
        # The refreshed pair is signed with the new key.
        assert me(client, pair) == me(client, refresh_pair(client, pair)) == 200
        assert are_rejected(client, late)


def dump(settings: Settings) -> str:
    """Return all rows of all tables."""

    async def ask() -> str:
        async with open_database(settings) as database, database.reading() as session:
            tables = SQLModel.metadata.sorted_tables
            return repr([(await session.execute(select(t))).all() for t in tables])

    return asyncio.run(ask())


@pytest.mark.slow
@pytest.mark.asvs("7.2.3")
def test_a_refresh_token_cannot_be_forged_from_the_database_or_the_key(
    settings: Settings, anonymous: TestClient, pair: Json, read: Read
) -> None:
    _, secret, _, mac = refresh_pair(anonymous, pair)["refresh_token"].split(".")
    everything = dump(settings)
    assert pair["email"] in everything
    assert not [part for part in (secret, mac) if part in everything]
    hashes = read(select(col(AuthSession.token_hash)))
    guesses = [RefreshToken(text[:43], gen) for text in hashes for gen in (1, 2, 3)]
    for guess in (*guesses, RefreshToken.new()):
        forged = {"refresh_token": encode_refresh_token(guess, KEY)}
        assert refresh(anonymous, forged).status_code == 401
