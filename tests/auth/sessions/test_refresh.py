"""Refreshing: one token after another, each good once, none for ever."""

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
from tests.auth.signing import me, refresh, sign_in
from tests.auth.tokens.attacks import KEY, Forgery, Json
from tests.auth.tokens.test_access_tokens import listen, running
from tests.conftest import Enter, Read
from tests.databases import SECRET, make_settings

NEW_SECRET = "test-only-" + "n" * 40
NEW_KEY = Key.from_secret(NEW_SECRET)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def pair(enter: Enter) -> Json:
    return asdict(enter())


@pytest.fixture
def patient(settings: Settings) -> Iterator[TestClient]:
    """A client of an application that forgives a race for ten seconds."""
    url = settings.DATABASE_URL
    with running(make_settings(url, REFRESH_GRACE_SECONDS=10)) as client:
        yield client


@pytest.fixture
def clock(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    """Stop the clock; `clock.shift` moves it."""
    time_machine.move_to(datetime.now(UTC), tick=False)
    return time_machine


def renew(client: TestClient, pair: Json) -> Json:
    answer = refresh(client, pair)
    assert answer.status_code == 200, answer.text
    renewed: Json = answer.json()
    return renewed


def is_dead(client: TestClient, *pairs: Json) -> bool:
    """Ask whether all these are refused: first the access tokens, then the others."""
    statuses = [me(client, pair) for pair in pairs]
    statuses += [refresh(client, pair).status_code for pair in pairs]
    return set(statuses) == {401}


@pytest.mark.asvs("7.2.2")
def test_a_refresh_gives_a_new_pair(stranger: TestClient, pair: Json) -> None:
    first = refresh(stranger, pair)
    assert first.headers["cache-control"] == "no-store"
    second = renew(stranger, first.json())
    assert me(stranger, first.json()) == me(stranger, second) == 200
    names = ("access_token", "refresh_token")
    assert len({p[name] for name in names for p in (pair, first.json(), second)}) == 6


@pytest.mark.asvs("10.4.5")
@pytest.mark.parametrize("generations", [1, 2, 5])
def test_a_token_used_twice_ends_its_session_for_good(
    stranger: TestClient, pair: Json, read: Read, generations: int
) -> None:
    other, family = sign_in(stranger, pair["email"]), [pair]
    for _ in range(generations):
        family.append(renew(stranger, family[-1]))
    with capture_logs() as logs:
        assert refresh(stranger, pair).json()["code"] == "invalid_grant"
    assert "token_reused" in [entry["event"] for entry in logs]
    assert is_dead(stranger, *family)
    reasons = read(select(col(AuthSession.revoked_reason)))
    assert [reason for reason in reasons if reason] == ["reuse"]
    assert me(stranger, renew(stranger, other)) == 200


def test_a_race_is_forgiven_for_as_long_as_the_settings_say(
    patient: TestClient, pair: Json, clock: TimeMachineFixture
) -> None:
    first = renew(patient, pair)
    clock.shift(timedelta(seconds=9.9))
    second = renew(patient, pair)
    assert second["refresh_token"] == first["refresh_token"]
    assert [me(patient, each) for each in (pair, first, second)] == [200] * 3
    # The time runs from the rotation, not from the race.
    clock.shift(timedelta(seconds=0.1))
    assert refresh(patient, pair).status_code == 401
    assert is_dead(patient, pair, first, second)


def test_a_race_is_forgiven_to_one_generation_only(
    patient: TestClient, pair: Json
) -> None:
    child = renew(patient, pair)
    grandchild = renew(patient, child)
    assert renew(patient, child)["refresh_token"] == grandchild["refresh_token"]
    assert refresh(patient, pair).status_code == 401
    assert is_dead(patient, pair, child, grandchild)


def test_whoever_has_raced_goes_on(
    patient: TestClient, pair: Json, clock: TimeMachineFixture
) -> None:
    first = renew(patient, pair)
    assert renew(patient, pair)["refresh_token"] == first["refresh_token"]
    clock.shift(60 * SECOND)
    assert me(patient, renew(patient, first)) == 200


@pytest.mark.asvs("7.4.2")
def test_a_disabled_user_renews_nothing(stranger: TestClient, enter: Enter) -> None:
    """However she was disabled: her sessions may be there still."""
    assert is_dead(stranger, asdict(enter(is_active=False)))


@pytest.mark.asvs("7.3.1")
def test_an_unused_session_ends_after_a_week(
    stranger: TestClient, enter: Enter, clock: TimeMachineFixture
) -> None:
    used, unused = asdict(enter()), asdict(enter())
    clock.shift(7 * DAY - SECOND)
    used = renew(stranger, used)
    clock.shift(SECOND)
    assert is_dead(stranger, unused)
    clock.shift(6 * DAY)
    assert me(stranger, renew(stranger, used)) == 200


@pytest.mark.asvs("7.3.2")
@pytest.mark.asvs("10.4.8")
def test_no_session_lasts_longer_than_a_month(
    stranger: TestClient, enter: Enter, clock: TimeMachineFixture
) -> None:
    pair = asdict(enter())
    for days in (6, 6, 6, 6, 5):
        clock.shift(days * DAY)
        pair = renew(stranger, pair)
    clock.shift(DAY - SECOND)
    pair = renew(stranger, pair)
    assert me(stranger, pair) == 200
    clock.shift(SECOND)
    assert is_dead(stranger, pair)


def test_the_settings_say_how_long_a_session_lasts(
    settings: Settings, enter: Enter, clock: TimeMachineFixture
) -> None:
    days = {"REFRESH_IDLE_DAYS": 1, "REFRESH_ABSOLUTE_DAYS": 2}
    with running(make_settings(settings.DATABASE_URL, **days)) as client:
        used, unused = (sign_in(client, enter().email) for _ in "12")
        clock.shift(DAY - SECOND)
        used = renew(client, used)
        clock.shift(SECOND)
        assert is_dead(client, unused)
        clock.shift(DAY - 2 * SECOND)
        used = renew(client, used)
        clock.shift(2 * SECOND)
        assert is_dead(client, used)


# {s} is the secret of a good token, {m} its MAC.
GARBAGE = (
    *("", "x", "null", "rt1", "rt1...", "rt1.{s}.1", "rt1.{s}.1.", "rt1.{s}.1.{m}."),
    *("rt2.{s}.1.{m}", "RT1.{s}.1.{m}", "{s}.1.{m}", "rt1.{s}.2.{m}", "rt1.{s}.01.{m}"),
    *("rt1.{s}.0.{m}", "rt1.{s}.-1.{m}", "rt1.{s}.1e0.{m}", "rt1.{s}.\u0661.{m}"),
    *("rt1.{s}.1.{m}=", "rt1.{s}=.1.{m}", "rt1.{m}.1.{s}", "rt1.{s}.1.{s}"),
    *(f"rt1.{{s}}.{10**30}.{{m}}", f"rt1.{'A' * 43}.1.{{m}}", "rt1.\u00e9.1.{m}"),
    *("rt1.{s}.1.{m} rt1.{s}.1.{m}", "Bearer rt1.{s}.1.{m}"),
    *("rt1.{s}.1." + "\u00e9" * 43, "rt1." + "\u00e9" * 43 + ".1.{m}"),
)


def test_garbage_is_refused_without_a_statement(
    app: FastAPI, stranger: TestClient, pair: Json
) -> None:
    _, secret, _, mac = pair["refresh_token"].split(".")
    texts = [template.format(s=secret, m=mac) for template in GARBAGE]
    texts += [encode_refresh_token(RefreshToken(secret, 1), NEW_KEY)]
    statements, told = listen(app), set[tuple[int, bytes]]()
    for text in texts:
        headers, body = {"x-request-id": "one"}, {"refresh_token": text}
        answer = stranger.post("auth/refresh", json=body, headers=headers)
        assert (text, answer.status_code) == (text, 401)
        told.add((answer.status_code, answer.content))
    assert len(told) == 1
    assert statements == []
    assert me(stranger, renew(stranger, pair)) == 200


@pytest.mark.asvs("9.2.2")
def test_an_access_token_refreshes_nothing(stranger: TestClient, pair: Json) -> None:
    swapped = {"refresh_token": pair["access_token"]}
    answer = refresh(stranger, swapped)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_grant")


def test_an_old_key_verifies_for_as_long_as_it_is_listed(
    settings: Settings, enter: Enter
) -> None:
    url, pair, late = settings.DATABASE_URL, asdict(enter()), asdict(enter())
    old = {"SECRET_KEYS_OLD": (SECRET,)}
    claims = AuthComponents.from_settings(settings).tokens.decode(pair["access_token"])
    says = claims.model_dump(mode="json")
    confused = (Forgery({"kid": NEW_KEY.kid}), Forgery(key=NEW_KEY.access))
    with running(make_settings(url, SECRET_KEY=NEW_SECRET, **old)) as client:
        assert me(client, pair) == 200
        for forgery in confused:
            assert me(client, {"access_token": forgery.of(says)}) == 401
        pair = renew(client, pair)
    with running(make_settings(url, SECRET_KEY=NEW_SECRET)) as client:
        # What was made meanwhile was made with the new key.
        assert me(client, pair) == me(client, renew(client, pair)) == 200
        assert is_dead(client, late)


def dump(settings: Settings) -> str:
    """Return all that is in the database."""

    async def ask() -> str:
        async with open_database(settings) as database, database.reading() as session:
            tables = SQLModel.metadata.sorted_tables
            return repr([(await session.execute(select(t))).all() for t in tables])

    return asyncio.run(ask())


@pytest.mark.asvs("7.2.3")
def test_neither_the_database_nor_the_key_makes_a_refresh_token(
    settings: Settings, stranger: TestClient, pair: Json, read: Read
) -> None:
    _, secret, _, mac = renew(stranger, pair)["refresh_token"].split(".")
    everything = dump(settings)
    assert pair["email"] in everything
    assert not [part for part in (secret, mac) if part in everything]
    hashes = read(select(col(AuthSession.token_hash)))
    guesses = [RefreshToken(text[:43], gen) for text in hashes for gen in (1, 2, 3)]
    for guess in (*guesses, RefreshToken.new()):
        forged = {"refresh_token": encode_refresh_token(guess, KEY)}
        assert refresh(stranger, forged).status_code == 401
