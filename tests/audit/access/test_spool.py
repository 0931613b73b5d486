"""The spool and its loader: each written row is loaded once."""

import asyncio
import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from structlog.testing import capture_logs

from app.audit.access.access_log import AccessLog
from app.audit.access.loader import Loader
from app.audit.access.segments import try_lock
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
    spool.close()


@pytest.fixture
def loader(spool: Spool, database: Database) -> Loader:
    return Loader(spool, database)


async def paths(database: Database) -> list[str]:
    async with database.reading() as session:
        rows = select(AuditAccess.path).order_by(col(AuditAccess.path))
        return list(await session.scalars(rows))


def segments(spool: Spool) -> list[Path]:
    return sorted(spool.folder.glob("*"))


async def test_written_rows_are_loaded_and_their_segment_deleted(
    spool: Spool, loader: Loader, database: Database
) -> None:
    for number in range(600):
        spool.write(line(path=f"/{number:03}"))
    assert len(segments(spool)) == 1
    await loader.load()
    assert await paths(database) == [f"/{number:03}" for number in range(600)]
    assert segments(spool) == []


def spelled(value: Any) -> str:
    """Return an id or a time as the access log writes it."""
    is_id = isinstance(value, UUID)
    return value.hex if is_id else f"{value:%Y-%m-%d %H:%M:%S.%f}"


async def test_values_are_loaded_unchanged(
    spool: Spool, loader: Loader, database: Database
) -> None:
    values = {"id": uuid7(), "user_id": uuid7(), "session_id": uuid7(), "at": now()}
    others = {"route": "/é", "status": None, "bytes": 2**31 - 1, "outcome": "crashed"}
    spool.write(
        line(**{key: spelled(value) for key, value in values.items()}, **others)
    )
    await loader.load()
    async with database.reading() as session:
        row = (await session.scalars(select(AuditAccess))).one()
    assert row.model_dump(include=values.keys() | others.keys()) == values | others


async def test_a_row_loaded_twice_is_stored_once(
    spool: Spool, loader: Loader, database: Database
) -> None:
    twice = [line(path="/a"), line(path="/b")]
    for _ in range(2):
        for each in twice:
            spool.write(each)
        await loader.load()
    assert await paths(database) == ["/a", "/b"]


async def test_the_segment_of_a_running_process_is_kept(
    spool: Spool, loader: Loader, database: Database, settings: Settings
) -> None:
    running = Spool(spool_folder(settings))
    running.write(line(path="/running"))
    await loader.load()
    assert await paths(database) == []
    running.close()
    await loader.load()
    assert await paths(database) == ["/running"]


async def test_concurrent_loaders_load_each_row_once(
    spool: Spool, database: Database, settings: Settings
) -> None:
    for number in range(20):
        spool.write(line(path=f"/{number:02}"))
        if number % 2:
            spool.close()
        else:
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
    assert [path.name for path in segments(spool)] == ["1.torn", "3.torn"]
    assert segments(spool)[1].read_bytes() == b"{}\n[]\n\xff\n"
    assert [each["lines"] for each in logs] == [1, 3]
    assert loader.set_aside.describe() == ["lines torn: 4"]


async def test_only_the_rejected_lines_are_set_aside(
    spool: Spool, loader: Loader, database: Database, settings: Settings
) -> None:
    if settings.DATABASE_URL.startswith("sqlite"):
        bad: dict[str, Any] = {"path": None}
    else:
        bad = {"path": "x" * 2_049}
    for number in range(7):
        spool.write(line(**({"path": f"/{number}"} | (bad if number % 3 == 2 else {}))))
    spool.rotate()
    spool.write(line(path="/good"))
    await loader.load()
    assert await paths(database) == ["/0", "/1", "/3", "/4", "/6", "/good"]
    (refused,) = segments(spool)
    assert refused.suffix == ".refused"
    lines = refused.read_bytes().splitlines()
    assert [json.loads(each)["path"] for each in lines] == [bad["path"]] * 2
    # They are shown after a restart, too, until they are deleted.
    again = Loader(spool, database)
    again.set_aside.scan()
    assert again.set_aside.describe() == ["lines refused: 2"]
    refused.unlink()
    await again.load()
    assert again.set_aside.describe() == []


STRANGE = [{"status": 2**63}, {"path": {"a": 1}}, {"path": ["a"]}, {"bytes": -(2**63)}]


@pytest.mark.parametrize("values", [*STRANGE, {"id": "x"}, {"at": "now"}], ids=str)
async def test_a_strange_line_does_not_stop_the_others(
    spool: Spool, loader: Loader, database: Database, values: dict[str, Any]
) -> None:
    spool.write(line(path="/before"))
    spool.write(line(**values))
    spool.write(line(path="/good"))
    await loader.load()
    assert loader.fault is None
    assert {"/before", "/good"} <= set(await paths(database))


async def test_an_unreadable_segment_does_not_stop_the_others(
    spool: Spool, loader: Loader, database: Database
) -> None:
    (spool.folder / "0.jsonl").mkdir(parents=True)
    (spool.folder / "1.jsonl").write_bytes(line(path="/good"))
    await loader.load()
    assert loader.fault is None
    assert await paths(database) == ["/good"]
    assert loader.describe() == ["segments unreadable: 1"]
    (spool.folder / "0.jsonl").rmdir()
    await loader.load()
    assert loader.describe() == []


async def test_no_row_is_lost_while_the_table_is_missing(
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
    # After the first failure, the others are written to one segment.
    assert len(segments(spool)) == 2
    await rename("away", "audit_access")
    await loader.load()
    assert await paths(database) == [f"/{number}" for number in range(5)]
    assert loader.pause == 1
    assert segments(spool) == []


async def test_a_loader_ignores_the_spools_of_other_databases(
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
        ("postgresql://a:b@h/n", "postgresql://a:b@h/n?sslmode=require", True),
        ("postgresql:///n?host=/a", "postgresql:///n?host=/b", False),
        ("postgresql://a:b@h/n", "postgresql://a:b@h/m", False),
        ("postgresql://a:b@h/n", "postgresql://a:b@i/n", False),
        ("sqlite:///a.db", f"sqlite:///{Path('a.db').resolve()}", True),
        ("sqlite:///a.db", "sqlite:///b.db", False),
    ],
)
async def test_each_database_has_its_own_folder(one: str, two: str, same: bool) -> None:
    first, second = (spool_folder(make_settings(url)) for url in (one, two))
    assert (first == second) is same
    assert first.parent == Path(SPOOL)


async def test_a_segment_is_loaded_while_it_is_synced(
    spool: Spool, loader: Loader, database: Database
) -> None:
    spool.write(line(path="/a"))
    assert spool.segment
    syncing = os.dup(spool.segment.descriptor)
    await loader.load()
    os.close(syncing)
    assert await paths(database) == ["/a"]


async def test_a_deleted_segment_is_not_held(tmp_path: Path) -> None:
    """A loader may delete it between another process's open and its lock."""
    path = tmp_path / "gone.jsonl"
    segment = os.open(path, os.O_CREAT | os.O_WRONLY)
    path.unlink()
    assert not try_lock(segment)
    os.close(segment)


async def test_a_line_that_does_not_fit_is_kept_whole_in_memory(
    spool: Spool, loader: Loader, database: Database
) -> None:
    """Half a line in the file would make the next one unreadable, too."""
    spool.write(line(path="/before"))
    (segment,) = segments(spool)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    full = segment.stat().st_size + 10
    with capture_logs():
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, hard))
        spool.write(line(path="/kept"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    spool.write(line(path="/after"))
    assert spool.lost_lines == 0
    await loader.load()
    assert sorted(await paths(database)) == ["/after", "/before", "/kept"]


async def test_only_the_owner_may_read_the_spool(spool: Spool) -> None:
    spool.write(line())
    (segment,) = segments(spool)
    assert oct(spool.folder.stat().st_mode)[-3:] == "700"
    assert oct(segment.stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("away", [False, True])
async def test_without_a_folder_lines_are_kept_in_memory(
    tmp_path: Path, database: Database, *, away: bool
) -> None:
    (tmp_path / "file").touch()
    spool = Spool(tmp_path / "file" / "spool")
    for number in range(3):
        spool.write(line(path=f"/{number}"))
    assert (spool.lost_lines, spool.fault) == (0, "Not a directory")
    loader = Loader(spool, database)
    if not away:
        await loader.load()
        assert len(await paths(database)) == 3
        assert not spool.unsaved
    (tmp_path / "file").unlink()
    spool.write(line(path="/3"))
    spool.repair()
    assert (spool.lost_lines, spool.fault) == (0, None)
    (segment,) = segments(spool)
    assert len(segment.read_bytes().splitlines()) == (4 if away else 1)
    await loader.load()
    assert await paths(database) == ["/0", "/1", "/2", "/3"]
    spool.close()


async def test_lines_that_memory_cannot_hold_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.access.spool.MAX_COPY_BYTES", 1_000)
    (tmp_path / "file").touch()
    spool = Spool(tmp_path / "file")
    for _ in range(10):
        spool.write(line())
    assert 0 < len(spool.unsaved) < 10
    assert spool.is_full
    spool.close()
    assert spool.lost_lines == 10


async def test_the_loader_syncs_a_dirty_spool(spool: Spool, loader: Loader) -> None:
    await loader.sync()
    spool.write(line())
    assert spool.dirty
    await loader.sync()
    assert not spool.dirty


async def test_what_is_no_regular_file_is_named_and_not_waited_for(
    spool: Spool, loader: Loader, database: Database
) -> None:
    spool.folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(spool.folder / "0.jsonl")
    os.mkfifo(spool.folder / "1.torn")
    spool.write(line(path="/after"))
    await loader.load()
    assert await paths(database) == ["/after"]
    assert loader.describe() == ["lines torn: 1", "segments unreadable: 1"]
    for name in ("0.jsonl", "1.torn"):
        (spool.folder / name).unlink()
