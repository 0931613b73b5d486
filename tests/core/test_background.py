"""Background tasks: repetition, failures and the purge."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.auth.models import UserRevokedToken
from app.auth.sessions.purge import purge_periodically
from app.core.background import run_every
from app.core.clock import now
from app.core.db.database import Database
from app.core.db.ids import uuid7
from tests.processes.servers import TIMEOUT

pytestmark = pytest.mark.anyio


async def test_a_task_continues_after_a_failure_until_its_block_ends() -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)
        if len(done) == 1:
            raise LookupError("An unexpected error")

    async with run_every(0.001, work), asyncio.timeout(TIMEOUT):
        while len(done) < 3:
            await asyncio.sleep(0.001)
    count = len(done)
    await asyncio.sleep(0.01)
    assert len(done) == count


@pytest.mark.slow
async def test_expired_rows_are_purged_in_the_background(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.auth.sessions.purge.PURGE_INTERVAL", 0.01)
    fixed = {"user_id": uuid7(), "session_id": uuid7(), "reason": "logout"}
    async with database.writing() as session:
        for hours in (-1, 1):
            expires_at = now() + timedelta(hours=hours)
            values = {"jti": uuid7(), "expires_at": expires_at, **fixed}
            session.add(UserRevokedToken.model_validate(values))

    async def left() -> int:
        async with database.reading() as session:
            return len(list(await session.scalars(select(UserRevokedToken))))

    async with purge_periodically(database), asyncio.timeout(TIMEOUT):
        while await left() > 1:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert await left() == 1
