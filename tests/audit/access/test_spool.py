"""The spool and its loader: what was written is loaded once, whoever wrote it."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from structlog.testing import capture_logs

from app.audit.access.access_log import AccessLog
from app.audit.access.loader import Loader
from app.audit.access.spool import Spool, spool_folder
from app.audit.changes.guard import unaudited
from app.audit.models import AuditAccess
from app.core.clock import now
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.ids import uuid7
from tests.databases import SPOOL, make_settings

pytestmark = pytest.mark.anyio


def line(**values: Any) -> bytes:
    row: dict[str, Any] = {
        "id": str(uuid7()),
        "at": now().isoformat(),
        "request_id": "a",
    }
    row |= {"request_id": "a"}
    row |= {"user_id": None, "user_label": None, "session_id": None, "ip": "unknown"}
    row |= {"method": "GET", "path": "/", "route": None, "query": "", "status": 200}
    row |= {"duration_ms": 1.5, "bytes": 0, "user_agent": None, "outcome": "answered"}
    return json.dumps(row | values).encode() + b"\n"


@pytest.fixture
def spool(settings: Settings) -> Iterator[Spool]:
    spool = Spool(spool_folder(settings))
    yield spool
    spool.rotate()


@pytest.fixture
def loader(spool: Spool, database: Database) -> Loader:
    return Loader(spool, database)


async def paths(database: Database) -> list[str]:
    async with database.reading() as session:
        rows = select(AuditAccess.path).order_by(col(AuditAccess.path))
        return list(await session.scalars(rows))


def segments(spool: Spool) -> list[Path]:
    return sorted(spool.folder.glob("*"))


async def test_what_was_written_is_loaded_and_then_deleted(
    spool: Spool, loader: Loader, database: Database
) -> None:
    for number in range(600):
        spool.write(line(path=f"/{number:03}"))
    assert len(segments(spool)) == 1
    await loader.load()
    assert await paths(database) == [f"/{number:03}" for number in range(600)]
    assert segments(spool) == []


async def test_values_survive_the_journey(
    spool: Spool, loader: Loader, database: Database
) -> None:
    values = {"id": uuid7(), "user_id": uuid7(), "session_id": uuid7(), "at": now()}
    told = {"route": "/é", "status": None, "bytes": 2**31 - 1, "outcome": "crashed"}
    spool.write(line(**{key: str(value) for key, value in values.items()}, **told))
    await loader.load()
    async with database.reading() as session:
        row = (await session.scalars(select(AuditAccess))).one()
    assert row.model_dump(include=values.keys() | told.keys()) == values | told


async def test_what_is_loaded_twice_is_there_once(
    spool: Spool, loader: Loader, database: Database
) -> None:
    twice = [line(path="/a"), line(path="/b")]
    for _ in range(2):
        for each in twice:
            spool.write(each)
        await loader.load()
    assert await paths(database) == ["/a", "/b"]


async def test_a_living_process_keeps_its_segment(
    spool: Spool, loader: Loader, database: Database, settings: Settings
) -> None:
    living = Spool(spool_folder(settings))
    living.write(line(path="/living"))
    await loader.load()
    assert await paths(database) == []
    living.rotate()
    await loader.load()
    assert await paths(database) == ["/living"]


async def test_two_loaders_share_the_work(
    spool: Spool, database: Database, settings: Settings
) -> None:
    for number in range(20):
        spool.write(line(path=f"/{number:02}"))
        spool.rotate()
    await asyncio.gather(*(Loader(spool, database).load() for _ in range(3)))
    assert await paths(database) == [f"/{number:02}" for number in range(20)]
    assert segments(spool) == []


async def test_a_torn_line_is_skipped(
    spool: Spool, loader: Loader, database: Database
) -> None:
    whole = line(path="/whole")
    spool.folder.mkdir(parents=True)
    for name, torn in (("1", whole[:-20]), ("2", b""), ("3", b"{}\n[]\n\xff\n")):
        (spool.folder / f"{name}.jsonl").write_bytes(line(path=f"/{name}") + torn)
    with capture_logs() as logs:
        await loader.load()
    assert await paths(database) == ["/1", "/2", "/3"]
    assert segments(spool) == []
    assert [each["lines"] for each in logs] == [1, 3]


async def test_what_the_database_refuses_for_ever_is_put_aside(
    spool: Spool, loader: Loader, database: Database, settings: Settings
) -> None:
    if settings.DATABASE_URL.startswith("sqlite"):
        bad: dict[str, Any] = {"path": None}
    else:
        bad = {"path": "x" * 2_049}
    spool.write(line(**bad))
    spool.rotate()
    spool.write(line(path="/good"))
    await loader.load()
    assert await paths(database) == ["/good"]
    (refused,) = segments(spool)
    assert refused.suffix == ".refused"
    assert json.loads(refused.read_text())["path"] == bad["path"]


async def test_while_the_table_is_away_nothing_is_lost(
    spool: Spool, loader: Loader, database: Database
) -> None:
    async def rename(before: str, after: str) -> None:
        async with database.writing() as session:
            with unaudited("a test takes the table away"):
                rename_table = text(f"ALTER TABLE {before} RENAME TO {after}")
                await session.execute(rename_table)

    await rename("audit_access", "away")
    pauses = []
    for number in range(5):
        spool.write(line(path=f"/{number}"))
        await loader.load()
        pauses.append(loader.pause)
    assert pauses == [2, 4, 5, 5, 5]
    assert loader.fault
    # The first could not be loaded, so the others wait together.
    assert len(segments(spool)) == 2
    await rename("away", "audit_access")
    await loader.load()
    assert await paths(database) == [f"/{number}" for number in range(5)]
    assert loader.pause == 1
    assert segments(spool) == []


async def test_databases_do_not_mix(
    spool: Spool, loader: Loader, database: Database, tmp_path: Path
) -> None:
    other = AccessLog(make_settings(f"sqlite:///{tmp_path}/other.db"))
    other.spool.write(line())
    other.spool.rotate()
    await loader.load()
    assert await paths(database) == []
    assert len(segments(other.spool)) == 1


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("postgresql://a:b@h/n", "postgresql://c:d@h/n", True),
        ("postgresql://a:b@h/n", "postgresql://a:b@h/n?ssl=require", True),
        ("postgresql:///n?host=/a", "postgresql:///n?host=/b", False),
        ("postgresql://a:b@h/n", "postgresql://a:b@h/m", False),
        ("postgresql://a:b@h/n", "postgresql://a:b@i/n", False),
        ("sqlite:///a.db", f"sqlite:///{Path('a.db').resolve()}", True),
        ("sqlite:///a.db", "sqlite:///b.db", False),
    ],
)
async def test_each_database_has_its_folder(one: str, two: str, same: bool) -> None:
    first, second = (spool_folder(make_settings(url)) for url in (one, two))
    assert (first == second) is same
    assert first.parent == Path(SPOOL)


async def test_what_is_still_being_synced_is_loaded_even_so(
    spool: Spool, loader: Loader, database: Database
) -> None:
    spool.write(line(path="/a"))
    assert spool.segment
    syncing = os.dup(spool.segment)
    await loader.load()
    os.close(syncing)
    assert await paths(database) == ["/a"]


async def test_no_one_else_may_read_it(spool: Spool) -> None:
    spool.write(line())
    (segment,) = segments(spool)
    assert oct(spool.folder.stat().st_mode)[-3:] == "700"
    assert oct(segment.stat().st_mode)[-3:] == "600"


async def test_without_a_folder_lines_are_counted_and_nobody_suffers(
    tmp_path: Path, database: Database
) -> None:
    (tmp_path / "file").touch()
    spool = Spool(tmp_path / "file" / "spool")
    for _ in range(3):
        spool.write(line())
    assert (spool.lost_lines, spool.fault) == (3, "Not a directory")
    (tmp_path / "file").unlink()
    spool.write(line())
    assert (spool.lost_lines, spool.fault) == (3, None)
    spool.rotate()


async def test_the_loader_syncs_what_is_dirty(spool: Spool, loader: Loader) -> None:
    await loader.sync()
    spool.write(line())
    assert spool.dirty
    await loader.sync()
    assert not spool.dirty
