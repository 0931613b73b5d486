"""The throttle: how often a password may be tried, from where, and by whom."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from app.auth.models import LoginThrottle
from app.auth.passwords import hashing
from app.core.clock import now
from app.core.config import Settings
from app.main import create_app
from tests.accounts import PASSWORD
from tests.conftest import Enter, Read
from tests.databases import make_settings

PROXY = "10.0.0.1"
HERE, THERE = "198.51.100.1", "198.51.100.2"
WRONG = "not the password"
COUNTS = select(col(LoginThrottle.count)).order_by(col(LoginThrottle.count))


@pytest.fixture
def settings(url: str) -> Settings:
    return make_settings(url, TRUSTED_PROXIES=PROXY)


def behind_proxy(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="http://test/api/v1/", client=(PROXY, 1234))


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    with behind_proxy(app) as client:
        yield client


@pytest.fixture
def email(enter: Enter) -> str:
    return enter().email


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as clock:
        yield clock


def fail(client: TestClient, email: str, ip: str = HERE, password: str = WRONG) -> Any:
    form = {"username": email, "password": password}
    return client.post("auth/login", data=form, headers={"x-forwarded-for": ip})


def fails(client: TestClient, email: str, times: int, ip: str = HERE) -> list[int]:
    return [fail(client, email, ip).status_code for _ in range(times)]


def enters(client: TestClient, email: str, ip: str = HERE) -> bool:
    status: int = fail(client, email, ip, PASSWORD).status_code
    assert status in (200, 429)
    return status == 200


@pytest.mark.asvs("6.3.1")
def test_after_five_failures_the_right_password_is_refused_too(
    stranger: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    assert fails(stranger, email, 5) == [401] * 5
    clock.shift(1)
    blocked = fail(stranger, email, password=PASSWORD)
    assert (blocked.status_code, blocked.json()["code"]) == (429, "rate_limited")
    assert blocked.headers["retry-after"] == "299"
    assert blocked.headers["cache-control"] == "no-store"


@pytest.mark.asvs("6.3.8")
def test_an_unknown_address_is_blocked_like_a_known_one(
    stranger: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    def told(email: str) -> list[Any]:
        answers = [fail(stranger, email) for _ in range(7)]
        shown = ("retry-after", "content-length", "www-authenticate")
        return [[a.json()["detail"], *map(a.headers.get, shown)] for a in answers]

    assert told(email) == told("nobody@example.com")


def test_a_blocked_attempt_is_not_hashed(
    stranger: TestClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(stranger, email, 5)
    monkeypatch.delattr(hashing, "verify")
    assert fails(stranger, email, 3) == [429] * 3


def test_spellings_of_an_address_are_counted_together(
    stranger: TestClient, email: str
) -> None:
    for spelling in (email, email.upper(), f" {email}", email.title(), f"{email} "):
        assert fail(stranger, spelling).status_code == 401
    assert not enters(stranger, email)


def test_a_success_clears_the_pair_and_nothing_else(
    stranger: TestClient, email: str, read: Read
) -> None:
    for _ in range(2):
        assert fails(stranger, email, 4) == [401] * 4
        assert enters(stranger, email)
    # The e-mail and the address keep the failures; the successes were given back.
    assert read(COUNTS) == [8, 8]


def test_one_address_cannot_lock_an_account_for_all(
    stranger: TestClient, email: str, enter: Enter, read: Read
) -> None:
    assert fails(stranger, email, 110) == [401] * 5 + [429] * 105
    # What was blocked has counted for the pair only.
    assert read(COUNTS) == [5, 5, 110]
    assert enters(stranger, email, THERE)
    assert enters(stranger, enter().email)


def test_many_addresses_together_get_fifty_an_hour(
    stranger: TestClient, email: str, enter: Enter, clock: time_machine.Traveller
) -> None:
    for number in range(10):
        assert fails(stranger, email, 5, f"203.0.113.{number}") == [401] * 5
    blocked = fail(stranger, email, THERE, PASSWORD)
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "3600")
    assert enters(stranger, enter().email, THERE)
    clock.shift(3600)
    assert enters(stranger, email, THERE)


def test_many_accounts_together_get_a_hundred_an_hour_from_one_address(
    stranger: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    for number in range(100):
        assert fail(stranger, f"nobody{number}@example.com").status_code == 401
    assert not enters(stranger, email)
    assert enters(stranger, email, THERE)
    clock.shift(3599)
    assert not enters(stranger, email)
    clock.shift(1)
    assert enters(stranger, email)


def test_the_window_ends_however_often_somebody_knocks(
    stranger: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    fails(stranger, email, 5)
    for _ in range(4):
        clock.shift(60)
        assert fails(stranger, email, 2) == [429] * 2
    clock.shift(timedelta(seconds=59))
    assert not enters(stranger, email)
    clock.shift(1)
    assert enters(stranger, email)


def test_whoever_waits_as_long_as_told_gets_in(
    stranger: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    fails(stranger, email, 5)
    clock.shift(0.5)
    wait = int(fail(stranger, email, password=PASSWORD).headers["retry-after"])
    clock.shift(wait)
    assert enters(stranger, email)


def test_of_eighty_failures_at_once_five_are_judged(
    settings: Settings, stranger: TestClient, email: str
) -> None:
    """They are shared out between two applications, as between two processes."""
    with behind_proxy(create_app(settings)) as other, ThreadPoolExecutor(8) as threads:
        clients = [stranger, other] * 40
        answers = list(threads.map(lambda client: fail(client, email), clients))
    assert sorted(a.status_code for a in answers) == [401] * 5 + [429] * 75
