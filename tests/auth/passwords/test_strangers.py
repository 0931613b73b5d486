"""Login throttle: strangers can't lock out the owner of an account."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlmodel import col

from app.auth.models import AuthSession, LoginThrottle
from app.auth.passwords import login_throttle
from app.auth.passwords.hashing import Hasher
from app.core.clock import now
from app.core.config import Settings
from app.core.db.database import Database
from app.core.exceptions import UnavailableException
from tests.accounts import PASSWORD, Account
from tests.auth.passwords.test_login_throttle import (
    PROXY,
    attempt,
    attempt_times,
    behind_proxy,
    signs_in,
)
from tests.auth.signing import NEW_PASSWORD
from tests.conftest import MakeAccount, Read
from tests.databases import make_settings

pytestmark = [pytest.mark.either, pytest.mark.slow]

HOME, CAFE = "198.51.100.1", "192.0.2.1"
COUNTS = select(col(LoginThrottle.count))


@pytest.fixture
def settings(url: str) -> Settings:
    return make_settings(url, TRUSTED_PROXIES=PROXY)


@pytest.fixture
def anonymous(app: FastAPI) -> Iterator[TestClient]:
    with behind_proxy(app) as client:
        yield client


@pytest.fixture
def owner(make_account: MakeAccount) -> Account:
    return make_account()


def attack(client: TestClient, email: str, addresses: int = 10) -> None:
    """Use up the attempts of strangers at an account."""
    for number in range(addresses):
        assert attempt_times(client, email, 5, f"203.0.113.{number}") == [401] * 5
    assert not signs_in(client, email, "203.0.113.99")


def confirm(client: TestClient, account: Account, password: str) -> int:
    passwords = {"current_password": password, "new_password": NEW_PASSWORD}
    answer = client.post("auth/password", json=passwords, headers=account.header)
    return answer.status_code


def test_strangers_cannot_lock_out_a_known_client(
    anonymous: TestClient, owner: Account
) -> None:
    assert signs_in(anonymous, owner.email, HOME)
    attack(anonymous, owner.email)
    assert signs_in(anonymous, owner.email, HOME)
    assert not signs_in(anonymous, owner.email, CAFE)


def test_strangers_do_not_block_a_signed_in_user(
    anonymous: TestClient, owner: Account
) -> None:
    attack(anonymous, owner.email)
    assert confirm(anonymous, owner, "wrong") == 403
    assert confirm(anonymous, owner, PASSWORD) == 200


def test_a_known_client_has_limits_of_its_own(
    anonymous: TestClient, owner: Account
) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        assert signs_in(anonymous, owner.email, HOME)
        for _ in range(10):
            assert attempt_times(anonymous, owner.email, 5, HOME) == [401] * 5
            assert not signs_in(anonymous, owner.email, HOME)
            clock.shift(timedelta(minutes=5))
        blocked = attempt(anonymous, owner.email, HOME, PASSWORD)
        assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "600")
        # Its failures are not those of strangers.
        assert signs_in(anonymous, owner.email, CAFE)


def test_others_at_an_address_do_not_lock_out_a_known_client(
    anonymous: TestClient, owner: Account
) -> None:
    assert signs_in(anonymous, owner.email, HOME)
    for number in range(100):
        assert attempt(anonymous, f"{number}@example.com", HOME).status_code == 401
    assert attempt(anonymous, "another@example.com", HOME).status_code == 429
    assert signs_in(anonymous, owner.email, HOME)


async def make_sessions_old(settings: Settings) -> None:
    database, used_at = Database(settings), now() - timedelta(days=30)
    async with database.writing() as session:
        await session.execute(update(AuthSession).values(rotated_at=used_at))
    await database.close()


@pytest.mark.anyio
async def test_an_address_is_known_for_thirty_days(
    settings: Settings, app: FastAPI, owner: Account
) -> None:
    with behind_proxy(app) as client:
        assert signs_in(client, owner.email, HOME)
        await make_sessions_old(settings)
        attack(client, owner.email)
        assert not signs_in(client, owner.email, HOME)


def test_an_ipv6_network_is_one_client(anonymous: TestClient, owner: Account) -> None:
    for number in range(5):
        ip = f"2001:db8:1:2:{number}::1"
        assert attempt(anonymous, owner.email, ip).status_code == 401
    assert not signs_in(anonymous, owner.email, "2001:db8:1:2::9")
    assert signs_in(anonymous, owner.email, "2001:db8:1:3::9")
    attack(anonymous, owner.email, addresses=9)
    assert signs_in(anonymous, owner.email, "2001:db8:1:3:ffff::1")


def test_clients_without_an_address_are_not_one_client(
    anonymous: TestClient, owner: Account, make_account: MakeAccount
) -> None:
    victim = make_account().email
    assert attempt_times(anonymous, victim, 50, "unknown") == [401] * 50
    for number in range(54):
        email = f"{number}@example.com"
        assert attempt(anonymous, email, "unknown").status_code == 401
    assert signs_in(anonymous, owner.email, "unknown")
    # The account's own limit holds, and no client is known there.
    assert not signs_in(anonymous, victim, "unknown")


async def write_counters(settings: Settings, **values: Any) -> None:
    database = Database(settings)
    async with database.writing() as session:
        await session.execute(update(LoginThrottle).values(values))
    await database.close()


@pytest.mark.anyio
async def test_a_window_that_begins_in_the_future_ends(
    settings: Settings, app: FastAPI, owner: Account
) -> None:
    with behind_proxy(app) as client:
        assert attempt_times(client, owner.email, 6, HOME) == [401] * 5 + [429]
        skewed = now() + timedelta(seconds=9)
        await write_counters(settings, window_started_at=skewed)
        blocked = attempt(client, owner.email, HOME, PASSWORD)
        assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "300")
        later = now() + timedelta(days=365)
        await write_counters(settings, window_started_at=later)
        assert signs_in(client, owner.email, HOME)


@pytest.mark.anyio
async def test_attempts_that_never_end_delay_others_briefly(
    settings: Settings,
    app: FastAPI,
    owner: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that is killed leaves its attempts in flight."""
    monkeypatch.setattr(login_throttle, "LONGEST_WAIT", 0)
    with behind_proxy(app) as client:
        assert attempt_times(client, owner.email, 5, HOME) == [401] * 5
        await write_counters(settings, failures=0)
        blocked = attempt(client, owner.email, HOME, PASSWORD)
        assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "1")


def test_an_attempt_that_was_not_verified_is_not_counted(
    anonymous: TestClient,
    owner: Account,
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(*_: object) -> None:
        raise UnavailableException("Too many logins in progress: retry later")

    monkeypatch.setattr(Hasher, "verify", refuse)
    assert attempt(anonymous, owner.email).status_code == 503
    assert set(read(COUNTS)) == {0}
