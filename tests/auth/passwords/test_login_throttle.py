"""Login throttle: limits per account, per address and per pair of both."""

import asyncio
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

from app.auth.client import Client
from app.auth.components import AuthComponents
from app.auth.models import LoginThrottle
from app.auth.passwords import hashing
from app.auth.sessions.login_service import LoginService
from app.core.clock import now
from app.core.config import Settings
from app.main import create_app, open_database
from tests.accounts import PASSWORD
from tests.conftest import MakeAccount, Read
from tests.databases import make_settings

pytestmark = pytest.mark.slow

PROXY = "10.0.0.1"
IP, OTHER_IP = "198.51.100.1", "198.51.100.2"
WRONG = "not the password"
COUNTS = select(col(LoginThrottle.count)).order_by(col(LoginThrottle.count))


@pytest.fixture
def settings(url: str) -> Settings:
    return make_settings(url, TRUSTED_PROXIES=PROXY)


def behind_proxy(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="http://test/api/v1/", client=(PROXY, 1234))


@pytest.fixture
def anonymous(app: FastAPI) -> Iterator[TestClient]:
    with behind_proxy(app) as client:
        yield client


@pytest.fixture
def email(make_account: MakeAccount) -> str:
    return make_account().email


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as clock:
        yield clock


def attempt(client: TestClient, email: str, ip: str = IP, password: str = WRONG) -> Any:
    form = {"username": email, "password": password}
    return client.post("auth/login", data=form, headers={"x-forwarded-for": ip})


def attempt_times(
    client: TestClient, email: str, times: int, ip: str = IP
) -> list[int]:
    return [attempt(client, email, ip).status_code for _ in range(times)]


def signs_in(client: TestClient, email: str, ip: str = IP) -> bool:
    status: int = attempt(client, email, ip, PASSWORD).status_code
    assert status in (200, 429)
    return status == 200


@pytest.mark.asvs("6.3.1")
def test_after_five_failures_the_right_password_is_rejected(
    anonymous: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    assert attempt_times(anonymous, email, 5) == [401] * 5
    clock.shift(1)
    blocked = attempt(anonymous, email, password=PASSWORD)
    assert (blocked.status_code, blocked.json()["code"]) == (429, "rate_limited")
    assert blocked.headers["retry-after"] == "299"
    assert blocked.headers["cache-control"] == "no-store"


@pytest.mark.either
@pytest.mark.asvs("6.3.8")
def test_an_unknown_email_is_blocked_like_a_known_one(
    anonymous: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    def responses(email: str) -> list[Any]:
        answers = [attempt(anonymous, email) for _ in range(7)]
        shown = ("retry-after", "content-length", "www-authenticate")
        return [[a.json()["detail"], *map(a.headers.get, shown)] for a in answers]

    assert responses(email) == responses("unknown@example.com")


@pytest.mark.either
def test_a_blocked_attempt_is_not_hashed(
    anonymous: TestClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt_times(anonymous, email, 5)
    monkeypatch.delattr(hashing, "verify")
    assert attempt_times(anonymous, email, 3) == [429] * 3


@pytest.mark.either
def test_spellings_of_an_email_are_counted_together(
    anonymous: TestClient, email: str
) -> None:
    for spelling in (email, email.upper(), f" {email}", email.title(), f"{email} "):
        assert attempt(anonymous, spelling).status_code == 401
    assert not signs_in(anonymous, email)


def test_a_login_resets_only_the_counter_of_email_and_address(
    anonymous: TestClient, email: str, read: Read
) -> None:
    for number in range(2):
        ip = f"203.0.113.{number}"
        assert attempt_times(anonymous, email, 4, ip) == [401] * 4
        assert signs_in(anonymous, email, ip)
    # The account and each address keep their failures; no success is counted.
    assert read(COUNTS) == [4, 4, 8]


@pytest.mark.either
def test_one_address_cannot_lock_an_account_for_others(
    anonymous: TestClient, email: str, make_account: MakeAccount, read: Read
) -> None:
    assert attempt_times(anonymous, email, 110) == [401] * 5 + [429] * 105
    # Blocked attempts are not counted.
    assert read(COUNTS) == [5, 5, 5]
    assert signs_in(anonymous, email, OTHER_IP)
    assert signs_in(anonymous, make_account().email)


@pytest.mark.either
def test_an_account_has_fifty_attempts_an_hour_from_all_addresses(
    anonymous: TestClient,
    email: str,
    make_account: MakeAccount,
    clock: time_machine.Traveller,
) -> None:
    for number in range(10):
        assert attempt_times(anonymous, email, 5, f"203.0.113.{number}") == [401] * 5
    blocked = attempt(anonymous, email, OTHER_IP, PASSWORD)
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "3600")
    assert signs_in(anonymous, make_account().email, OTHER_IP)
    clock.shift(3600)
    assert signs_in(anonymous, email, OTHER_IP)


@pytest.mark.either
def test_an_address_has_a_hundred_attempts_an_hour_at_all_accounts(
    anonymous: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    for number in range(100):
        assert attempt(anonymous, f"unknown{number}@example.com").status_code == 401
    assert not signs_in(anonymous, email)
    assert signs_in(anonymous, email, OTHER_IP)
    clock.shift(3599)
    assert not signs_in(anonymous, email)
    clock.shift(1)
    assert signs_in(anonymous, email)


@pytest.mark.either
def test_blocked_attempts_do_not_extend_the_window(
    anonymous: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    attempt_times(anonymous, email, 5)
    for _ in range(4):
        clock.shift(60)
        assert attempt_times(anonymous, email, 2) == [429] * 2
    clock.shift(timedelta(seconds=59))
    assert not signs_in(anonymous, email)
    clock.shift(1)
    assert signs_in(anonymous, email)


@pytest.mark.either
def test_a_login_succeeds_after_retry_after(
    anonymous: TestClient, email: str, clock: time_machine.Traveller
) -> None:
    attempt_times(anonymous, email, 5)
    clock.shift(0.5)
    wait = int(attempt(anonymous, email, password=PASSWORD).headers["retry-after"])
    clock.shift(wait)
    assert signs_in(anonymous, email)


def test_of_eighty_concurrent_failures_five_are_verified(
    settings: Settings, anonymous: TestClient, email: str
) -> None:
    """The attempts alternate between two applications, as between two processes."""
    with behind_proxy(create_app(settings)) as other, ThreadPoolExecutor(8) as threads:
        clients = [anonymous, other] * 40
        answers = list(threads.map(lambda client: attempt(client, email), clients))
    assert sorted(a.status_code for a in answers) == [401] * 5 + [429] * 75


def test_a_login_that_is_cancelled_is_no_attempt(
    settings: Settings, email: str, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else those of a server that stopped would count until the hour ends."""

    async def cancelled(*_: Any) -> Any:
        raise asyncio.CancelledError

    monkeypatch.setattr(hashing.Hasher, "verify", cancelled)
    components, client = AuthComponents.from_settings(settings), Client(IP, None, IP)

    async def log_in() -> None:
        async with open_database(settings) as database:
            await LoginService(database, components, client).login(email, PASSWORD)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(log_in())
    assert read(COUNTS) == [0, 0, 0]
