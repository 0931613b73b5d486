"""A run: what is old goes into files, and nothing is lost, doubled or changed."""

import json
import subprocess
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from app.audit.archive.canonical import Row, to_line
from app.audit.archive.logs import CHANGES, LOGS
from app.audit.archive.progress import Progress
from app.core.context import Context, new_context
from tests.audit.archive.rows import KEPT, OLD, At, Trail, changes


def records(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["action"] == "UNAUDITED"]


def test_old_rows_go_into_files_and_new_ones_stay(trail: Trail) -> None:
    trail.fill()
    before = {log: trail.rows(log) for log in LOGS.values()}
    outcomes = trail.archive()
    assert {name: done.rows for name, done in outcomes.items()} == {
        "changes": 42,
        "accesses": 28,
    }
    for log, rows in before.items():
        old = [to_line(row) for row in rows if row["at"] < KEPT]
        new = [row for row in rows if row["at"] >= KEPT]
        assert trail.lines(log) == old
        live = trail.rows(log)
        recorded = records(live) if log is CHANGES else []
        assert [row for row in live if row not in recorded] == new
    assert trail.faults() == {}
    assert trail.archive() == trail.archive()
    assert trail.verify().live == 18 + 12


def test_a_file_reads_without_our_tools(trail: Trail) -> None:
    trail.fill(days=1)
    trail.archive()
    (file,) = (trail.folder / "changes").rglob("*.jsonl.gz")
    assert file.name == f"{OLD:%Y-%m-%d}.0001.jsonl.gz"
    assert file.parent == trail.folder / f"changes/{OLD:%Y/%m}"
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


def test_the_same_rows_give_the_same_bytes(trail: Trail, tmp_path: Path) -> None:
    """A run that was stopped writes the file anew, byte for byte."""
    trail.fill(days=1)
    trail.progress = At("compared", fail)
    with pytest.raises(OSError, match="on purpose"):
        trail.archive()
    (file,) = (trail.folder / "changes").rglob("*.jsonl.gz")
    content, age = file.read_bytes(), file.stat().st_mtime_ns
    trail.progress = Progress()
    trail.archive()
    assert file.stat().st_mtime_ns > age
    assert file.read_bytes() == content


def fail() -> None:
    raise OSError("on purpose")


def test_a_long_day_takes_several_files(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.run.writer.FILE_ROWS", 7)
    monkeypatch.setattr("app.audit.archive.files.blocks.BLOCK", 3)
    trail.add(CHANGES, changes(days=2, each=16))
    before = trail.live_lines(CHANGES)
    assert trail.archive()["changes"].files == 6
    names = sorted(path.name for path in trail.folder.rglob("*.gz"))
    assert [name[11:15] for name in names] == ["0001", "0002", "0003"] * 2
    assert trail.lines(CHANGES) == before
    assert trail.faults() == {}


def test_a_run_is_on_record(trail: Trail) -> None:
    trail.fill(days=1)
    with new_context(Context(request_id="nightly", actor_label="cron")):
        trail.archive()
    rows = records(trail.rows(CHANGES))
    assert [row["entity"] for row in rows] == ["audit_change", "audit_access"]
    for row in rows:
        assert (row["reason"], row["actor_label"]) == ("archived", "cron")
        assert row["request_id"] == "nightly"
    assert rows[0]["new"]["rows"] == 6


STEPS = ("started", "written", "indexed", "compared", "described", "verified")


def test_a_destination_that_disappears_prunes_nothing(trail: Trail) -> None:
    away = trail.folder.with_name("away")
    for day, step in enumerate(STEPS):
        trail.add(CHANGES, changes(days=len(STEPS))[day * 6 : day * 6 + 6])
        before = trail.live_lines(CHANGES)
        trail.progress = At(step, partial(trail.folder.rename, away))
        with pytest.raises(OSError, match="No such file or directory"):
            trail.archive()
        assert not trail.folder.exists()
        away.rename(trail.folder)
        assert trail.live_lines(CHANGES) == before
        trail.progress = Progress()
        trail.archive()
        assert trail.live_lines(CHANGES) == []
    assert trail.faults() == {}
