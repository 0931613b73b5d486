"""Measurements use databases on a disk, whose commits are synced."""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from scripts.bench.databases import synced_template
from scripts.bench.servers import SPOOL
from tests.databases import MEMORY, Engine

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
IN_MEMORY = re.compile(r"from tests.databases import .*\b(template_on|memory)\b")


@pytest.mark.either
def test_no_measurement_uses_the_databases_of_tests() -> None:
    files = [*ROOT.glob("scripts/bench*.py"), *ROOT.glob("scripts/bench/**/*.py")]
    assert len(files) > 20
    assert [it for it in files if IN_MEMORY.search(it.read_text())] == []


@pytest.mark.either
def test_sqlite_and_the_spool_are_on_a_disk() -> None:
    with synced_template(Engine.SQLITE) as template, template.copy() as url:
        for path in (url.removeprefix("sqlite:///"), SPOOL):
            assert not Path(path).is_relative_to(MEMORY)


@pytest.mark.either
def test_postgresql_syncs_its_commits() -> None:
    async def settings(url: str) -> list[str]:
        connection = await asyncpg.connect(url)
        names = ("fsync", "synchronous_commit", "data_directory")
        found = [await connection.fetchval(f"SHOW {name}") for name in names]
        await connection.close()
        return found

    with synced_template(Engine.POSTGRESQL) as template, template.copy() as url:
        fsync, commit, folder = asyncio.run(settings(url))
    assert (fsync, commit) == ("on", "on")
    assert not Path(folder).is_relative_to(MEMORY)
