"""Runs archive old rows; no row is lost, duplicated or changed."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from app.audit.archive.canonical import Row, encode_row
from app.audit.archive.logs import ACCESSES, CHANGES, LOGS
from app.audit.archive.progress import Progress
from app.audit.archive.store.store import Store
from app.core.context import Context, new_context
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import KEPT, OLD, AuditLog, CallAtStep, make_changes

pytestmark = [both_places, pytest.mark.slow]


def unaudited(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["action"] == "UNAUDITED"]


def test_old_rows_are_archived_and_new_rows_stay_live(audit_log: AuditLog) -> None:
    audit_log.fill()
    before = {log: audit_log.rows(log) for log in LOGS.values()}
    totals = audit_log.archive()
    assert {name: done.rows for name, done in totals.items()} == {
        "changes": 42,
        "accesses": 28,
    }
    for log, rows in before.items():
        old = [encode_row(row) for row in rows if row["at"] < KEPT]
        new = [row for row in rows if row["at"] >= KEPT]
        assert audit_log.lines(log) == old
        live = audit_log.rows(log)
        recorded = unaudited(live) if log is CHANGES else []
        kept = rows if audit_log.keeps_archived(log) else new
        assert [row for row in live if row not in recorded] == kept
    assert audit_log.count_findings() == {}
    assert audit_log.archive() == audit_log.archive()
    waiting = 28 if audit_log.keeps_archived(ACCESSES) else 0
    # An entry for each file is live, too.
    assert audit_log.verify().live == 18 + 12 + 14 + waiting


@pytest.mark.either
def test_gzip_reads_an_archive_file(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    audit_log.archive()
    (file,) = (audit_log.directory / "changes").rglob("*.jsonl.gz")
    assert file.name == f"{OLD:%Y-%m-%d}.0001.jsonl.gz"
    assert file.parent == audit_log.directory / f"changes/{OLD:%Y/%m}"
    lines = subprocess.check_output(("gzip", "-dc", file)).splitlines()
    first = json.loads(lines[0])
    assert list(first) == sorted(first)
    assert first["at"] == f"{OLD:%Y-%m-%d}T00:00:00Z"
    assert first["new"] == {"on": None, "price": "2.50", "rate": 0.1, "stock": 0}
    manifest = json.loads(
        file.with_name(f"{OLD:%Y-%m-%d}.0001.manifest.json").read_text()
    )
    assert manifest["count"] == len(lines) == 6
    assert manifest["entities"] == {"Product": 6}
    assert manifest["file_sha256"] == sha256(file.read_bytes()).hexdigest()
    content = b"".join(line + b"\n" for line in lines)
    assert manifest["content_sha256"] == sha256(content).hexdigest()


@pytest.mark.heavy
def test_the_same_rows_give_the_same_bytes(audit_log: AuditLog, tmp_path: Path) -> None:
    """A run rewrites the file of an interrupted run with the same bytes."""
    audit_log.fill(days=1)
    audit_log.progress = CallAtStep("compared", fail)
    with pytest.raises(OSError, match="on purpose"):
        audit_log.archive()
    (file,) = (audit_log.directory / "changes").rglob("*.jsonl.gz")
    content, age = file.read_bytes(), file.stat().st_mtime_ns
    audit_log.progress = Progress()
    audit_log.archive()
    assert file.stat().st_mtime_ns > age
    assert file.read_bytes() == content


def fail() -> None:
    raise OSError("on purpose")


@pytest.mark.heavy
def test_a_long_day_takes_several_files(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.run.writer.FILE_ROWS", 7)
    monkeypatch.setattr("app.audit.archive.files.blocks.BLOCK_LINES", 3)
    audit_log.add(CHANGES, make_changes(days=2, each=16))
    before = audit_log.live_lines(CHANGES)
    assert audit_log.archive()["changes"].files == 6
    names = sorted(path.name for path in audit_log.directory.rglob("*.gz"))
    assert [name[11:15] for name in names] == ["0001", "0002", "0003"] * 2
    assert audit_log.lines(CHANGES) == before
    assert audit_log.count_findings() == {}


@pytest.mark.either
def test_a_run_is_recorded_in_the_change_log(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    with new_context(Context(request_id="nightly", actor_label="cron")):
        audit_log.archive()
    rows = unaudited(audit_log.rows(CHANGES))
    assert [row["entity"] for row in rows] == ["audit_change", "audit_access"]
    for row in rows:
        assert (row["reason"], row["actor_label"]) == ("archived", "cron")
        assert row["request_id"] == "nightly"
    assert rows[0]["new"]["rows"] == 6


STEPS = ("started", "written", "indexed", "compared", "described", "verified")


@pytest.mark.either
@pytest.mark.usefixtures("only_a_folder")
def test_no_row_is_deleted_if_the_directory_disappears(audit_log: AuditLog) -> None:
    away = audit_log.directory.with_name("away")
    for day, step in enumerate(STEPS):
        audit_log.add(CHANGES, make_changes(days=len(STEPS))[day * 6 : day * 6 + 6])
        before = audit_log.live_lines(CHANGES)
        audit_log.progress = CallAtStep(step, partial(audit_log.directory.rename, away))
        with pytest.raises(OSError, match="No such file or directory"):
            audit_log.archive()
        assert not audit_log.directory.exists()
        away.rename(audit_log.directory)
        assert audit_log.live_lines(CHANGES) == before
        audit_log.progress = Progress()
        audit_log.archive()
        assert audit_log.live_lines(CHANGES) == []
    assert audit_log.count_findings() == {}


def test_writers_do_not_wait_for_the_store(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket may take a minute to answer; SQLite has one writer at a time."""
    find_files, written = Store.find_files, make_changes(days=3)
    audit_log.add(CHANGES, [written.pop(), written.pop()])

    def write_meanwhile(self: Store, base: str) -> list[str]:
        with ThreadPoolExecutor() as threads:
            threads.submit(audit_log.add, CHANGES, [written.pop()]).result()
        return find_files(self, base)

    monkeypatch.setattr(Store, "find_files", write_meanwhile)
    audit_log.archive()
    assert len(written) < 16
