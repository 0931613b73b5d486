"""Migrations that the database does not let through: one sentence, no traceback."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from app.core.db.driver.limits import MIGRATION_LIMITS
from app.core.db.engine import make_engine
from app.core.db.outages.migrating import STOPPED, TAKEN
from tests.databases import make_settings
from tests.processes.forked import command
from tests.processes.servers import environment

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
BUSY = STOPPED.format("The database is busy; retry later")


async def test_a_migration_that_waits_in_vain_is_stopped(url: str) -> None:
    engine = make_engine(make_settings(url), MIGRATION_LIMITS)
    words = ("-m", "alembic", "downgrade", "-1")
    async with engine.connect() as connection:
        # Held until the end of the transaction, as by a long import.
        await connection.execute(text("UPDATE alembic_version SET version_num = 'x'"))
        done = await asyncio.to_thread(command, words, environment(url))
    await engine.dispose()
    assert (done.code, done.output.strip()) == (255, f"FAILED: {BUSY}"), done


async def test_a_lock_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """As one that root has made: it is no fault of the database."""
    lock = tmp_path / "app.db.migration-lock"
    lock.mkdir()
    env = environment(f"sqlite:///{tmp_path}/app.db")
    done = command(("-m", "alembic", "upgrade", "head"), env)
    expected = STOPPED.format(f"{lock}: Is a directory")
    assert (done.code, done.output.strip()) == (255, f"FAILED: {expected}"), done


def test_tables_without_a_revision_are_not_taken_over(tmp_path: Path) -> None:
    """They are another application's, or the table of the revision was emptied."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE product (id INTEGER)")
    words = ("-m", "alembic", "upgrade", "head")
    done = command(words, environment(f"sqlite:///{path}"))
    assert (done.code, done.output.strip()) == (
        255,
        f"FAILED: {TAKEN.format('product')}",
    ), done
