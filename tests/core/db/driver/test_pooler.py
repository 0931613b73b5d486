"""A real PgBouncer that gives each transaction another connection."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.core.db.locks.process_lock import LockedError, ProcessLock
from app.core.db.outages.states import Outage
from app.core.web.health import Health
from app.main import open_database
from tests.databases import ROOT, make_settings
from tests.modules.test_products import PEN
from tests.processes.forked import command
from tests.processes.network import network_to
from tests.processes.pgbouncer import CONFIGURATION, pooled
from tests.processes.servers import environment, serving
from tests.programs import needs

pytestmark = [needs("pgbouncer"), pytest.mark.anyio]
TRANSACTION: dict[str, Any] = {"DATABASE_POOLER": "transaction"}
LOCK = ProcessLock("test", 1)
# Fewer connections than the application has, so that they change hands.
FEW = {"default_pool_size": "2"}


@pytest.fixture
def pooler(url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL through a pooler in the guide's mode, or in that of the parameter."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has no server")
    mode = getattr(request, "param", "transaction")
    with network_to(url) as (_, server), pooled(server, **FEW, pool_mode=mode) as found:
        yield found


def test_the_guide_shows_the_file() -> None:
    guide = (ROOT / "docs/DEPLOYMENT.md").read_text()
    assert CONFIGURATION.read_text() in guide


@pytest.mark.slow
@pytest.mark.heavy
@pytest.mark.parametrize("pooler", ["transaction", "session"], indirect=True)
def test_no_request_fails_behind_a_pooler(pooler: str, tmp_path: Path) -> None:
    with (
        serving(pooler, tmp_path, DATABASE_POOL_SIZE="2", **TRANSACTION) as server,
        ThreadPoolExecutor(4) as threads,
    ):

        def use(number: int) -> set[int]:
            with server.client() as client:
                pen = PEN | {"sku": f"PEN-{number}"}
                path = f"/products/{client.post('/products', json=pen).json()['id']}"
                answers = [client.patch(path, json={"stock": n}) for n in range(5)]
                for each in (path, "/products?q=pen", "/users", "/audit/changes"):
                    answers += [client.get(each) for _ in range(3)]
                return {answer.status_code for answer in answers}

        assert set().union(*threads.map(use, range(8))) == {200}
        checks = server.wait_for("/readyz").json()["checks"]
        assert (checks["database"], checks["schema"]) == ("ok", "ok")


async def test_a_pooler_without_the_setting_is_recognized(pooler: str) -> None:
    async with open_database(make_settings(pooler)) as database:
        health = Health(database)
        assert await health.check() == Outage.AWAY
        assert str(health.reason).endswith(
            "unsupported startup parameter: statement_timeout: set "
            "DATABASE_POOLER=transaction"
        )


async def test_limits_hold_within_each_transaction(pooler: str) -> None:
    settings = make_settings(pooler, DATABASE_TIMEOUT=7, **TRANSACTION)
    show = text("SELECT current_setting('statement_timeout')")
    async with open_database(settings) as database:
        async with database.writing() as session:
            assert await session.scalar(show) == "7s"
        async with database.reading() as session:
            assert await session.scalar(show) == "7s"


async def test_a_lock_is_held_behind_a_pooler(pooler: str) -> None:
    settings = make_settings(pooler, **TRANSACTION)
    async with open_database(settings) as one, open_database(settings) as other:
        async with LOCK.held(one.engine):
            await asyncio.sleep(0)
            with pytest.raises(LockedError):
                async with LOCK.held(other.engine):
                    raise AssertionError
        async with LOCK.held(other.engine):
            pass


@pytest.mark.slow
@pytest.mark.heavy
def test_commands_work_behind_a_pooler(pooler: str) -> None:
    values = environment(pooler, **TRANSACTION)
    for words in (
        ("-m", "alembic", "downgrade", "-1"),
        ("-m", "alembic", "upgrade", "head"),
        ("scripts/archive_audit.py", "status"),
        ("scripts/check_audit.py",),
    ):
        done = command(words, values)
        assert done.code == 0, (words, done.errors)
