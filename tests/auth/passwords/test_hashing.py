"""Password hashing under load: response times, memory and the queue."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from statistics import median
from threading import Event

import httpx2
import psutil  # type: ignore[import-untyped]  # it brings no types
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.auth.passwords import hashing
from app.auth.passwords.hashing import MAX_CONCURRENT, Hasher, password_context
from app.core.config import Settings
from app.core.exceptions import UnavailableException
from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD, login
from tests.conftest import MakeAccount
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT, Server, serving

pytestmark = [pytest.mark.either, pytest.mark.slow]

CLIENTS = 100
ONE_HASH = 19 * 2**20
# The memory of a hundred requests and their connections, apart from the hashes.
OVERHEAD = 40 * 2**20


def attempt_login(server: Server, number: int) -> int:
    form = {"username": f"unknown{number}@example.com", "password": "wrong"}
    url = f"{server.base_url}/api/v1/auth/login"
    return httpx2.post(url, data=form, timeout=120).status_code


def measure(server: Server, logins: list[Future[int]]) -> Iterator[tuple[float, int]]:
    """Yield the duration of /livez and the memory of the process during the logins."""
    process = psutil.Process(server.process.pid)
    with httpx2.Client(base_url=server.base_url, timeout=60) as client:
        while not all(each.done() for each in logins):
            started = time.perf_counter()
            assert client.get("/livez").status_code == 200
            yield time.perf_counter() - started, process.memory_info().rss


@pytest.mark.heavy
@pytest.mark.asvs("15.2.2")
def test_a_hundred_concurrent_logins_leave_the_server_responsive(
    url: str, tmp_path: Path
) -> None:
    with serving(url, tmp_path) as server, ThreadPoolExecutor(CLIENTS) as threads:
        for number in range(3):
            assert attempt_login(server, number) == 401
        before = psutil.Process(server.process.pid).memory_info().rss
        # The throttle allows a hundred attempts per address; three are already counted.
        numbers = range(3, CLIENTS)
        started = time.perf_counter()
        logins = [threads.submit(attempt_login, server, number) for number in numbers]
        seen = list(measure(server, logins))
        assert {each.result() for each in logins} == {401}
        total = time.perf_counter() - started
    assert len(seen) > 5
    # One that hashes in the event loop answers after the logins that came before.
    assert median(seconds for seconds, _ in seen) < total / 10
    assert max(size for _, size in seen) - before < MAX_CONCURRENT * ONE_HASH + OVERHEAD


@pytest.mark.anyio
async def test_two_passwords_are_hashed_at_once_and_the_others_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, started = Event(), []

    def verify(password: str, digest: str) -> hashing.VerifyResult:
        started.append(password)
        gate.wait(TIMEOUT)
        return True, None

    monkeypatch.setattr(hashing, "verify", verify)
    hasher = Hasher()
    waiting = [asyncio.create_task(hasher.verify("x", "y")) for _ in range(5)]
    async with asyncio.timeout(TIMEOUT):
        while len(started) < MAX_CONCURRENT:
            await asyncio.sleep(0.1)
    assert len(started) == MAX_CONCURRENT == 2
    gate.set()
    assert await asyncio.gather(*waiting) == [(True, None)] * 5


@pytest.mark.anyio
async def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Event()
    monkeypatch.setattr(hashing, "MAX_WAITING", 3)
    monkeypatch.setattr(hashing, "verify", lambda *_: (gate.wait(TIMEOUT), None))
    hasher = Hasher()
    count = MAX_CONCURRENT + 3
    waiting = [asyncio.create_task(hasher.verify("x", "y")) for _ in range(count)]
    async with asyncio.timeout(TIMEOUT):
        while hasher.limiter.statistics().tasks_waiting < 3:
            await asyncio.sleep(0)
    with pytest.raises(UnavailableException):
        await hasher.verify("x", "y")
    with pytest.raises(UnavailableException):
        await hasher.hash("x")
    gate.set()
    assert await asyncio.gather(*waiting) == [(True, None)] * 5


def test_a_login_is_503_while_the_queue_is_full(
    anonymous: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "MAX_WAITING", 0)
    rejected = login(anonymous, "unknown@example.com")
    assert (rejected.status_code, rejected.json()["code"]) == (503, "unavailable")
    assert int(rejected.headers["retry-after"]) > 0


class PoolSpy:
    """A passlib context that records the checked-out connections at each call."""

    def __init__(self, app: FastAPI) -> None:
        self.pool = app.state.health.database.engine.pool
        self.checked_out: list[int] = []

    def record(self) -> None:
        """Wait for background tasks: only the request's connection is held for long."""
        deadline = time.monotonic() + TIMEOUT
        while self.pool.checkedout() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.checked_out.append(self.pool.checkedout())

    def hash(self, password: str) -> str:
        self.record()
        digest: str = password_context.hash(password)
        return digest

    def verify_and_update(self, password: str, digest: str) -> hashing.VerifyResult:
        self.record()
        result: hashing.VerifyResult = password_context.verify_and_update(
            password, digest
        )
        return result


@pytest.fixture
def settings(url: str) -> Settings:
    """Disable the access log: its loader takes a connection once a second."""
    return make_settings(url, AUDIT_ACCESS_MODE="off")


@pytest.mark.parametrize("header", [{}, {"Idempotency-Key": "k"}])
def test_no_connection_is_held_while_a_password_is_hashed(
    app: FastAPI,
    client: TestClient,
    make_account: MakeAccount,
    monkeypatch: pytest.MonkeyPatch,
    header: dict[str, str],
) -> None:
    user = make_account()
    spy = PoolSpy(app)
    monkeypatch.setattr(hashing, "password_context", spy)
    client.headers |= header
    new = {"email": "new@example.com", "full_name": "New", "password": NEW_PASSWORD}
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    promotion = {"current_password": PASSWORD, "is_superuser": True}
    answers = [
        login(client, user.email),
        client.post("users", json=new),
        client.patch(f"users/{user.id}", json={"password": PASSWORD}),
        client.put(f"users/{user.id}/superuser", json=promotion),
        client.post("auth/password", json=change),
    ]
    assert [answer.status_code for answer in answers] == [200, 201, 200, 200, 200]
    assert spy.checked_out == [0] * 6
