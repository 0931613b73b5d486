"""Migrations and seeds that start at once: all but the first wait, and say so."""

import asyncio
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.core.db.database import Database
from app.core.db.locks.process_lock import LockedError, ProcessLock
from app.core.db.migrations import check_schema
from app.main import open_database
from app.modules.products.models import Product
from seeds.data import shop_products
from tests.databases import make_settings
from tests.processes.forked import Forked
from tests.processes.servers import TIMEOUT, environment

pytestmark = pytest.mark.anyio
LOCK = ProcessLock("test", 1)
MIGRATION = ProcessLock("migration", 7_201_137)  # as in alembic/env.py


async def test_one_process_at_a_time_holds_it(url: str, database: Database) -> None:
    async with open_database(make_settings(url)) as other:
        async with LOCK.held(database.engine):
            with pytest.raises(LockedError):
                async with LOCK.held(other.engine):
                    raise AssertionError
        async with LOCK.held(other.engine):
            pass


@pytest.mark.slow
async def test_who_waits_gets_it_next(url: str, database: Database) -> None:
    notes: list[str] = []
    order: list[str] = []

    async def wait(other: Database) -> None:
        async with LOCK.waited_for(other.engine, lambda: notes.append("waiting")):
            order.append("second")

    async with open_database(make_settings(url)) as other:
        async with LOCK.held(database.engine):
            waiting = asyncio.create_task(wait(other))
            while not notes:
                await asyncio.sleep(0.01)
            order.append("first")
        await waiting
    assert (notes, order) == (["waiting"], ["first", "second"])


@pytest.mark.slow
@pytest.mark.heavy
async def test_the_second_migration_waits(empty_url: str, tmp_path: Path) -> None:
    output = tmp_path / "output"
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).touch()
    async with open_database(make_settings(empty_url)) as database:
        async with MIGRATION.held(database.engine):
            words = ("-m", "alembic", "upgrade", "head")
            migration = Forked(words, environment(empty_url), (output, output))
            await wait_for("Another migration is running", output)
            assert await check_schema(database) is not None
        assert await asyncio.to_thread(migration.wait) == 0
        assert await check_schema(database) is None


async def wait_for(words: str, output: Path) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not (output.exists() and words in output.read_text()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.heavy
async def test_three_seeds_at_once_are_one(url: str, tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(3)]
    words = ("seeds/seed_create_app.py",)
    seeds = [Forked(words, environment(url), (file, file)) for file in files]
    for seed, file in zip(seeds, files, strict=True):
        assert await asyncio.to_thread(seed.wait) == 0, file.read_text()
    added = ["Added example data." in file.read_text() for file in files]
    assert sorted(added) == [False, False, True]
    async with open_database(make_settings(url)) as database:
        session = database.snapshot()
        count = await session.scalar(select(func.count()).select_from(Product))
        await session.close()
    assert count == len([*shop_products()])
