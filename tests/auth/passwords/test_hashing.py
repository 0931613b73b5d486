"""A crowd that signs in: the process stays responsive, and does not grow."""

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
from app.auth.passwords.hashing import AT_ONCE, Hasher, passwords
from app.core.config import Settings
from app.core.exceptions import UnavailableException
from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD, login
from tests.conftest import Enter
from tests.databases import make_settings
from tests.servers import Server, serving

CROWD = 100
ONE_HASH = 19 * 2**20
# What a hundred requests may cost beside the hashes, each with its connection.
SLACK = 40 * 2**20


def arrive(server: Server, number: int) -> int:
    form = {"username": f"nobody{number}@example.com", "password": "wrong"}
    url = f"{server.base_url}/api/v1/auth/login"
    return httpx2.post(url, data=form, timeout=120).status_code


def watch(server: Server, crowd: list[Future[int]]) -> Iterator[tuple[float, int]]:
    """Yield how long /livez takes, and how large the process is, while they wait."""
    process = psutil.Process(server.process.pid)
    with httpx2.Client(base_url=server.base_url, timeout=60) as client:
        while not all(each.done() for each in crowd):
            started = time.perf_counter()
            assert client.get("/livez").status_code == 200
            yield time.perf_counter() - started, process.memory_info().rss


@pytest.mark.slow
@pytest.mark.asvs("15.2.2")
def test_a_hundred_at_once_hold_nobody_up(url: str, tmp_path: Path) -> None:
    with serving(url, tmp_path) as server, ThreadPoolExecutor(CROWD) as threads:
        for number in range(3):
            assert arrive(server, number) == 401
        before = psutil.Process(server.process.pid).memory_info().rss
        # Three have come from this address already, and a hundred may within an hour.
        numbers = range(3, CROWD)
        crowd = [threads.submit(arrive, server, number) for number in numbers]
        seen = list(watch(server, crowd))
        assert {each.result() for each in crowd} == {401}
    assert len(seen) > 5
    assert median(seconds for seconds, _ in seen) < 0.5
    assert max(size for _, size in seen) - before < AT_ONCE * ONE_HASH + SLACK


@pytest.mark.anyio
async def test_two_are_hashed_at_once_and_the_others_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doors, inside = Event(), []

    def verify(password: str, digest: str) -> hashing.Verdict:
        inside.append(password)
        doors.wait(10)
        return True, None

    monkeypatch.setattr(hashing, "verify", verify)
    hasher = Hasher()
    waiting = [asyncio.create_task(hasher.verify("x", "y")) for _ in range(5)]
    async with asyncio.timeout(10):
        while len(inside) < AT_ONCE:
            await asyncio.sleep(0.1)
    assert len(inside) == AT_ONCE == 2
    doors.set()
    assert await asyncio.gather(*waiting) == [(True, None)] * 5


@pytest.mark.anyio
async def test_the_queue_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    doors = Event()
    monkeypatch.setattr(hashing, "WAITING", 3)
    monkeypatch.setattr(hashing, "verify", lambda *_: (doors.wait(10), None))
    hasher = Hasher()
    waiting = []
    for _ in range(AT_ONCE + 3):
        waiting.append(asyncio.create_task(hasher.verify("x", "y")))
        await asyncio.sleep(0.01)
    with pytest.raises(UnavailableException):
        await hasher.verify("x", "y")
    with pytest.raises(UnavailableException):
        await hasher.hash("x")
    doors.set()
    assert await asyncio.gather(*waiting) == [(True, None)] * 5


def test_whoever_finds_the_queue_full_is_told_to_come_back(
    stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "WAITING", 0)
    refused = login(stranger, "nobody@example.com")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert int(refused.headers["retry-after"]) > 0


class Spy:
    """Passlib's context, which notes how many connections are lent while it works."""

    def __init__(self, app: FastAPI) -> None:
        self.pool = app.state.health.database.engine.pool
        self.lent: list[int] = []

    def hash(self, password: str) -> str:
        self.lent.append(self.pool.checkedout())
        digest: str = passwords.hash(password)
        return digest

    def verify_and_update(self, password: str, digest: str) -> hashing.Verdict:
        self.lent.append(self.pool.checkedout())
        verdict: hashing.Verdict = passwords.verify_and_update(password, digest)
        return verdict


@pytest.fixture
def settings(url: str) -> Settings:
    """Record no accesses: loading them takes a connection once a second."""
    return make_settings(url, AUDIT_ACCESS_MODE="off")


def test_no_connection_is_held_while_a_password_is_hashed(
    app: FastAPI, client: TestClient, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = enter()
    spy = Spy(app)
    monkeypatch.setattr(hashing, "passwords", spy)
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
    assert spy.lent == [0] * 6
