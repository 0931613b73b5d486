"""Real processes whose spool is damaged under load: what was answered is recorded."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from uuid import uuid4

import httpx2
import pytest

from app.audit.access.spool import spool_folder
from tests.audit.access.test_processes import (
    check,
    load_on,
    loaded,
    processes_of,
    recorded_in,
    spooled,
    wait_for_requests,
)
from tests.conftest import Read
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT, Server, serving, wait_until

pytestmark = pytest.mark.slow
Damage = Callable[[Path], object]
BEFORE_SYNC = 0.1
AFTER_SYNC = 0.5  # the spool is checked every 0.2 s
AFTER_LOAD = 1.5


def audit_check(server: Server) -> str:
    ready = httpx2.get(f"{server.base_url}/readyz", timeout=TIMEOUT)
    checks: dict[str, str] = ready.json()["checks"]
    return checks["audit"]


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def move(folder: Path) -> None:
    folder.rename(folder.with_suffix(f".{uuid4().hex}"))


def replace_by_file(folder: Path) -> None:
    # The server may create the folder again in between.
    while not folder.is_file():
        move(folder)
        with suppress(IsADirectoryError):
            folder.write_text("no folder")


def rename_segments(folder: Path) -> None:
    for path in folder.glob("*.jsonl"):
        path.rename(path.with_suffix(".renamed"))


def truncate_segments(folder: Path) -> None:
    for path in folder.glob("*.jsonl"):
        path.write_bytes(b"")


DAMAGES: list[tuple[Damage, str]] = [
    (remove, "removed"),
    (rename_segments, "moved"),
    (truncate_segments, "truncated"),
    (move, "moved"),
]


@pytest.mark.either
@pytest.mark.heavy
def test_a_spool_that_is_damaged_under_load(
    url: str, tmp_path: Path, read: Read
) -> None:
    spools = tmp_path / "spools"
    folder = spool_folder(make_settings(url, AUDIT_SPOOL_DIR=spools))
    with serving(url, tmp_path, AUDIT_SPOOL_DIR=str(spools)) as server:
        with load_on(server) as answered:
            for damage, word in DAMAGES:
                wait_for_requests(answered, 50)
                # A segment is open for most of the time, but it may just be new.
                for _ in range(3):
                    Event().wait(AFTER_SYNC)
                    damage(folder)
                wait_for_requests(answered, 50)
                assert word in audit_check(server)
            replace_by_file(folder)
            wait_for_requests(answered, 20)
            wait_until(lambda: "in memory" in audit_check(server))
            Event().wait(AFTER_LOAD)
            folder.unlink()
            wait_for_requests(answered, 20)
            wait_until(lambda: audit_check(server).startswith("ok"))
        wait_until(lambda: set(answered) <= set(loaded(read)))
        assert "lost" not in audit_check(server)
        assert server.stop() == 0
    check(answered, loaded(read))


@pytest.mark.heavy
def test_a_process_killed_after_its_spool_was_removed(
    postgresql: object, tmp_path: Path
) -> None:
    """While the database is unavailable, all answered requests are in the spool."""
    url = postgresql.get_uri("template")  # type: ignore[attr-defined]
    with serving(url, tmp_path, WORKERS="2") as server, load_on(server) as answered:
        wait_for_requests(answered, 100)
        postgresql.stop()  # type: ignore[attr-defined]
        wait_for_requests(answered, 100)
        remove(spool_folder(make_settings(url)))
        wait_for_requests(answered, 50)
        Event().wait(AFTER_SYNC)
        for process in processes_of(server):
            process.kill()
    assert spooled(url) > 0
    postgresql.ensure_postgres_running()  # type: ignore[attr-defined]
    with serving(url, tmp_path) as again:
        wait_until(lambda: set(answered) <= set(recorded_in(url)))
        assert again.stop() == 0
    check(answered, recorded_in(url))
