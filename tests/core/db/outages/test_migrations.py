"""Migrations that the database does not let through: one sentence, no traceback."""

import asyncio

import pytest
from sqlalchemy import text

from app.core.db.driver.limits import MIGRATION_LIMITS
from app.core.db.engine import make_engine
from app.core.db.outages.migrating import STOPPED
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
