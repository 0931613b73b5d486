"""Leases of a limit: two counters on one database, a busy one, and a broken one."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from structlog.testing import capture_logs

from app.auth.limits import policy as policies
from app.auth.limits.models import RateLimitUse
from app.auth.limits.policy import Policy, Standing
from app.auth.limits.repository import report
from app.core.config import Settings
from app.core.db.database import Database
from app.core.startup.rates import Rate
from app.main import open_database
from tests.processes.locks import locked

pytestmark = [pytest.mark.anyio, pytest.mark.either]
DAY = 86_400
ADA = UUID(int=1)


async def served(policy: Policy, database: Database, number: int) -> int:
    """Send concurrent requests of one user; return how many were not refused."""
    tasks = [policy.count(database, ADA) for _ in range(number)]
    found: list[Standing] = await asyncio.gather(*tasks)
    return sum(not each.is_refused for each in found)


@pytest.mark.parametrize(
    ("quota", "number"), [(1, 5), (9, 30), (10, 11), (100, 130), (105, 130)]
)
async def test_one_process_serves_exactly_the_quota(
    database: Database, quota: int, number: int
) -> None:
    policy = Policy("user", Rate(quota, DAY))
    assert await served(policy, database, number) == quota


async def test_processes_exceed_the_quota_by_less_than_a_lease_each(
    database: Database, settings: Settings
) -> None:
    async with open_database(settings) as other:
        every = [Policy("user", Rate(100, DAY)) for _ in range(3)]
        stores = (database, other, database)
        total = 0
        for _ in range(20):
            pairs = zip(every, stores, strict=True)
            total += sum([await served(policy, store, 4) for policy, store in pairs])
    assert 100 <= total <= 100 + 3 * 10


async def test_a_small_quota_is_exact_in_all_processes(database: Database) -> None:
    every = [Policy("user", Rate(7, DAY)) for _ in range(5)]
    counts = [await served(policy, database, 2) for policy in every]
    assert sum(counts) == 7


async def test_a_window_ends_for_all_by_the_database(database: Database) -> None:
    policy = Policy("user", Rate(3, DAY))
    assert await served(policy, database, 5) == 3
    async with database.writing() as session:
        ended = {"ends_at": RateLimitUse.ends_at - DAY}
        await session.execute(update(RateLimitUse).values(ended))
    # What this process knows of the window holds until its end.
    assert await served(policy, database, 1) == 0
    assert await served(Policy("user", Rate(3, DAY)), database, 5) == 3


async def test_clocks_of_hosts_do_not_matter(
    database: Database, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    if settings.DATABASE_URL.startswith("sqlite"):
        pytest.skip("SQLite has one host")
    assert await served(Policy("user", Rate(5, DAY)), database, 5) == 5
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    assert await served(Policy("user", Rate(5, DAY)), database, 5) == 0


async def test_another_window_or_limit_is_counted_by_itself(database: Database) -> None:
    for name, rate in (
        ("user", Rate(2, DAY)),
        ("key", Rate(2, DAY)),
        ("user", Rate(2, DAY // 2)),
    ):
        assert await served(Policy(name, rate), database, 3) == 2


async def test_a_busy_database_lets_requests_pass(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "PATIENCE", 0.01)
    policy = Policy("user", Rate(3, DAY))
    async with database.writing() as session:
        await report(session, f"user {DAY} {ADA}", DAY, 3)
    with capture_logs() as logs, locked(url, "rate_limit_use"):
        assert await served(policy, database, 5) == 5
    assert {each["event"] for each in logs} == {"rate_limit_not_shared"}
    renewal = policy.leases[ADA].renewal
    if renewal:
        await renewal
    assert await served(policy, database, 2) == 0


async def test_what_passes_meanwhile_is_reported_later(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "PATIENCE", 0.01)
    policy = Policy("user", Rate(50, DAY))
    with locked(url, "rate_limit_use"):
        assert await served(policy, database, 3) == 3
        assert await served(policy, database, 20) == 20
    if renewal := policy.leases[ADA].renewal:
        await renewal
    monkeypatch.setattr(policies, "PATIENCE", 60.0)
    assert await served(policy, database, 50) == 50 - 23


async def test_what_passes_is_reported_after_longer_failures(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise OSError("disk full")

    instant = 1_000.0
    policy = Policy("user", Rate(30, DAY), lambda: instant)
    with monkeypatch.context() as patch, capture_logs():
        patch.setattr(policies, "report", fail)
        for _ in range(10):
            instant += 60
            assert await served(policy, database, 2) == 2
    assert await served(policy, database, 30) == 10


async def test_a_database_that_rejects_writes_lets_a_lease_pass(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise OSError("disk full")

    policy = Policy("user", Rate(40, DAY))
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(policies, "report", fail)
        assert await served(policy, database, 100) == 100
    assert len(logs) == 25  # an attempt for each lease
    # Meanwhile they were counted here, and are reported now.
    assert await served(policy, database, 2) == 0


async def test_ended_windows_are_forgotten(database: Database) -> None:
    instant = 1_000.0
    policy = Policy("user", Rate(5, 60), lambda: instant)
    for _ in range(3):
        await policy.count(database, uuid4())
    instant += 120
    await policy.count(database, ADA)
    assert [*policy.leases] == [ADA]


async def test_the_row_of_an_ended_window_is_reset(database: Database) -> None:
    assert await served(Policy("user", Rate(5, DAY)), database, 5) == 5
    async with database.writing() as session:
        past = {"ends_at": 1, "used": 10**12}
        await session.execute(update(RateLimitUse).values(past))
    assert await served(Policy("user", Rate(5, DAY)), database, 6) == 5
    async with database.reading() as session:
        (used,) = await session.scalars(select(col(RateLimitUse.used)))
    assert used == 6
