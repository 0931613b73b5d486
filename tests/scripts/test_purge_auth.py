"""The purge deletes expired rows and keeps those that still affect requests."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel, col

from app.auth.limits.models import RateLimitUse
from app.auth.models import AuthSession, LoginThrottle, UserRevokedToken
from app.auth.sessions import purge
from app.auth.tokens.refresh_tokens import RefreshToken
from app.core.clock import MAX_SKEW, now
from app.core.config import Settings
from app.core.db.ids import uuid7
from app.main import open_database
from tests.accounts import ROOT, make_session
from tests.conftest import Read
from tests.processes.forked import Done, command
from tests.processes.servers import environment, free_port

HOUR = timedelta(hours=1)
KEPT, EXPIRED = "kept", "expired"


def run(url: str) -> Done:
    return command(("scripts/purge_auth.py",), environment(url))


def session(mark: str, **values: Any) -> AuthSession:
    row = make_session(ROOT.user_id, RefreshToken.new())
    return row.sqlmodel_update({"user_agent": mark, **values})


def revoked(mark: str, **values: Any) -> UserRevokedToken:
    owner: dict[str, Any] = {"user_id": ROOT.user_id, "session_id": ROOT.session_id}
    return UserRevokedToken(jti=uuid7(), reason=mark, **owner, **values)


def rows(instant: datetime) -> list[SQLModel]:
    past, future = instant - HOUR / 60, instant + HOUR / 60
    just_now = instant - MAX_SKEW / 2
    return [
        session(EXPIRED, expires_at=past, idle_expires_at=past),
        session(EXPIRED, expires_at=past, revoked_at=past),
        session(KEPT, expires_at=future, idle_expires_at=past),
        # Its refresh token must still be rejected as revoked.
        session(KEPT, expires_at=future, revoked_at=past),
        revoked(EXPIRED, expires_at=past),
        revoked(KEPT, expires_at=future),
        revoked(KEPT, expires_at=just_now),  # another host's clock may be behind
        LoginThrottle(key=EXPIRED, count=5, window_started_at=past - HOUR),
        RateLimitUse(subject=EXPIRED, ends_at=int(past.timestamp()), used=1),
        RateLimitUse(subject=KEPT, ends_at=int(just_now.timestamp()), used=1),
        LoginThrottle(key=KEPT, count=5, window_started_at=instant - HOUR + HOUR / 60),
    ]


async def write(settings: Settings, instant: datetime) -> None:
    async with open_database(settings) as database, database.writing() as session:
        session.add_all(rows(instant))


async def purge_now(settings: Settings) -> int:
    async with open_database(settings) as database, database.writing() as session:
        return await purge.purge(session)


def marks(read: Read) -> list[str]:
    own = col(AuthSession.user_agent).is_not(None)
    return [
        *read(select(col(AuthSession.user_agent)).where(own)),
        *read(select(col(UserRevokedToken.reason))),
        *read(select(col(LoginThrottle.key))),
        *read(select(col(RateLimitUse.subject))),
    ]


@pytest.mark.slow
def test_only_expired_rows_are_deleted(
    settings: Settings, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    instant = now()
    monkeypatch.setattr(purge, "now", lambda: instant)
    asyncio.run(write(settings, instant))
    assert sorted(marks(read)) == [EXPIRED] * 5 + [KEPT] * 6
    for count in (5, 0):
        assert asyncio.run(purge_now(settings)) == count
        assert marks(read) == [KEPT] * 6


@pytest.mark.slow
def test_the_command_prints_how_many_rows_it_has_deleted(
    url: str, settings: Settings, read: Read
) -> None:
    asyncio.run(write(settings, now() - HOUR))
    for count in (len(rows(now())), 0):
        done = run(url)
        assert (done.code, done.errors) == (0, "")
        assert done.output == f"Deleted {count} expired rows.\n"
        assert marks(read) == []


@pytest.mark.slow
def test_a_missing_schema_is_reported(empty_url: str) -> None:
    done = run(empty_url)
    assert (done.code, done.output) == (1, "")
    (sentence,) = done.errors.splitlines()
    assert sentence.endswith("run `alembic upgrade head`")


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_an_unreachable_database_is_reported(host: str) -> None:
    done = run(f"postgresql://app:hunter2@{host}:{free_port()}/app")
    assert (done.code, done.output) == (1, "")
    (sentence,) = done.errors.splitlines()
    assert sentence.startswith(f"Database error: PostgreSQL at {host}:")
    assert sentence.endswith(". No row was deleted.")
