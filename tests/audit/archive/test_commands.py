"""Output and exit codes of the archive commands."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import CHANGES
from app.audit.archive.partitions.days import DayPlan
from app.audit.archive.plan import Plan, make_plan
from app.audit.archive.run.lock import run_lock
from app.audit.archive.run.totals import RunTotals
from app.core.clock import now
from scripts.archive.output import print_plans, print_totals
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import KEPT, OLD, PEN, AuditLog
from tests.audit.archive.verify import tampering
from tests.databases import make_settings
from tests.processes.forked import Done
from tests.processes.servers import free_port

pytestmark = [pytest.mark.either, pytest.mark.slow]


def test_without_a_command_it_shows_the_plan(audit_log: AuditLog) -> None:
    audit_log.fill()
    before = audit_log.rows(CHANGES)
    done = command(audit_log)
    assert (done.code, done.errors) == (0, "")
    assert "no rows to archive" in done.output
    assert done.output.endswith(
        "Nothing was changed. To archive these rows, use `run`.\n"
    )
    assert audit_log.rows(CHANGES) == before
    assert list(audit_log.directory.iterdir()) == []


def test_a_plan_shows_days_rows_and_bytes(audit_log: AuditLog) -> None:
    audit_log.fill()
    command(
        audit_log, "hold", "place", "Product", "--id", str(PEN), "--reason", "Case 1"
    )
    changes, accesses = command(audit_log, "plan", *KEEP, "--json").json
    assert changes["log"] == "changes"
    assert [day["rows"] for day in changes["days"]] == [6] * 7
    assert changes["days"][0]["day"] == f"{OLD:%Y-%m-%d}"
    # Half of the 42 are of PEN; the hold itself is in the change log, too.
    assert (changes["held"], changes["staying"]) == (21, 18 + 1)
    assert changes["line_bytes"] > changes["file_bytes"] > 0
    assert [day["rows"] for day in accesses["days"]] == [4] * 7


def test_run_verify_restore_status_and_purge(audit_log: AuditLog) -> None:
    audit_log.fill()
    run = command(audit_log, "run", *KEEP, "--yes", "--json")
    assert (run.code, run.errors) == (0, "")
    assert {name: done["rows"] for name, done in run.json.items()} == {
        "changes": 42,
        "accesses": 28,
    }
    again = command(audit_log, "run", *KEEP, "--yes", "--json")
    assert {done["rows"] for done in again.json.values()} == {0}
    verify = command(audit_log, "verify")
    assert (verify.code, verify.errors) == (0, "")
    assert verify.output.endswith("No findings.\n")
    restore = command(audit_log, "restore", "--json")
    assert restore.json["changes"]["rows"] == 42
    status = command(audit_log, "status", "--json").json
    assert status["logs"]["changes"]["restored"] == 42
    assert status["logs"]["changes"]["archived"] == 42
    assert status["logs"]["changes"]["unfinished"] == []
    assert status["newest_seal"]["number"] == len(audit_log.seals())
    purge = command(audit_log, "purge-restored", "--yes", "--json")
    assert purge.json == {"changes": 42, "accesses": 28}
    assert audit_log.rows(CHANGES, restored=True) == []


def test_text_output(audit_log: AuditLog) -> None:
    audit_log.fill()
    assert "42 rows of 7 days" in command(audit_log, "plan", *KEEP).output
    assert (
        "changes: 42 rows in 7 files" in command(audit_log, "run", *KEEP, "-y").output
    )
    status = command(audit_log, "status").output
    assert "Newest seal: " in status
    assert re.search(r"archived +│ 42 +│ 28 ", status)  # nothing is cut off
    assert "42 rows in 7 files" in command(audit_log, "restore").output
    assert "42 restored rows" in command(audit_log, "purge-restored", "--yes").output


def test_a_count_of_one_is_singular(capsys: pytest.CaptureFixture[str]) -> None:
    print_plans([Plan(CHANGES.name, KEPT, [DayPlan(OLD.date(), 1)])])
    assert "1 row of 1 day," in capsys.readouterr().out
    print_totals({CHANGES.name: RunTotals(files=1, rows=1)})
    assert "1 row in 1 file," in capsys.readouterr().out


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("run", "--keep-days", "0", "--yes"),
        ("run", "--keep-days", "5", *KEEP, "--yes"),
        ("run", "--until", "2999-01-01", "--yes"),
        ("run", "--batch-size", "2001", "--yes"),
        ("run", "--table", "product", "--yes"),
        ("purge-restored",),
        ("query", "--id", "7"),
        ("frobnicate",),
    ],
    ids=" ".join,
)
def test_invalid_usage(audit_log: AuditLog, words: tuple[str, ...]) -> None:
    done = command(audit_log, *words)
    assert (done.code, done.output) == (2, "")


def test_a_missing_directory_option_is_rejected(audit_log: AuditLog) -> None:
    done = command(audit_log, "run", "--yes", AUDIT_ARCHIVE_DIR="")
    assert done.code == 2
    assert "AUDIT_ARCHIVE_DIR" in done.errors


@pytest.mark.sampled
@pytest.mark.parametrize(
    "words",
    [("run", *KEEP, "--yes"), ("verify",), ("restore",), ("purge-restored", "--yes")],
    ids=lambda words: words[0],
)
def test_only_one_command_runs_at_a_time(
    audit_log: AuditLog, words: tuple[str, ...]
) -> None:
    async def hold(context: ArchiveContext) -> Done:
        async with run_lock(context.database):
            return await asyncio.to_thread(command, audit_log, *words)

    audit_log.fill()
    done = audit_log.run(hold)
    assert (done.code, done.output) == (3, "")
    assert done.errors.startswith("Another archive command is running")
    assert command(audit_log, *words).code == 0


def test_a_failed_verification(archived: AuditLog) -> None:
    tampering.change_a_row(archived)
    done = command(archived, "verify", "--json")
    assert (done.code, done.errors) == (
        4,
        "Verification failed: see the findings on standard output.\n",
    )
    assert done.json["counts"] == {"row_modified": 1}
    assert "row_modified: 1" in command(archived, "verify").output
    assert command(archived, "run", "--keep-days", "1", "--yes").code == 4


def test_a_time_limit(audit_log: AuditLog) -> None:
    audit_log.fill()
    before = audit_log.live_lines(CHANGES)
    done = command(audit_log, "run", *KEEP, "--yes", "--max-seconds", "0.0001")
    assert done.code == 5
    assert done.errors.startswith("Stopped: --max-seconds 0.0001 reached.")
    assert audit_log.live_lines(CHANGES) == before
    assert command(audit_log, "run", *KEEP, "--yes").code == 0
    assert len(audit_log.lines(CHANGES)) == 42


def test_a_missing_directory(audit_log: AuditLog) -> None:
    audit_log.fill()
    done = command(
        audit_log, "run", *KEEP, "--yes", "--dest", str(audit_log.directory / "none")
    )
    assert (done.code, done.output) == (1, "")
    assert done.errors.startswith("Archive directory ")
    assert "does not exist" in done.errors


def test_another_directory_is_rejected(audit_log: AuditLog, tmp_path: Path) -> None:
    """The archive's disk is not mounted: its mount point is empty."""
    audit_log.fill()
    assert (
        command(audit_log, "run", "--until", f"{OLD + DAY:%Y-%m-%d}", "--yes").code == 0
    )
    other = tmp_path / "other"
    other.mkdir()
    before = audit_log.rows(CHANGES)
    done = command(audit_log, "run", *KEEP, "--yes", "--dest", str(other))
    assert (done.code, done.output) == (1, "")
    assert "is not the archive directory of this database" in done.errors
    assert audit_log.rows(CHANGES) == before


DAY = timedelta(days=1)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of two pages; skip the test without the permission to mount."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("Needs the permission to mount a disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(audit_log: AuditLog) -> None:
    audit_log.fill()
    before = audit_log.live_lines(CHANGES)
    (audit_log.directory / "changes").mkdir()
    with small_disk(audit_log.directory / "changes"):
        done = command(audit_log, "run", *KEEP, "--yes")
        assert (done.code, done.output) == (1, "")
        assert "No space left on device" in done.errors
        assert audit_log.live_lines(CHANGES) == before
    assert command(audit_log, "run", *KEEP, "--yes").code == 0
    assert len(audit_log.lines(CHANGES)) == 42


def test_a_missing_schema_is_reported(empty_url: str, tmp_path: Path) -> None:
    done = command(AuditLog(make_settings(empty_url), tmp_path), "plan")
    assert (done.code, done.output) == (1, "")
    assert "alembic upgrade head" in done.errors


def test_an_unreachable_database_is_reported(tmp_path: Path) -> None:
    url = f"postgresql://app:hunter2@127.0.0.1:{free_port()}/app"
    done = command(AuditLog(make_settings(url), tmp_path), "run", *KEEP, "--yes")
    assert (done.code, done.output) == (1, "")
    assert "hunter2" not in done.errors
    assert len(done.errors.splitlines()) == 1


def test_an_exported_seal_shows_that_the_newest_is_missing(
    audit_log: AuditLog, tmp_path: Path
) -> None:
    audit_log.fill()
    audit_log.seal()
    line = command(audit_log, "export-seal").output
    file = tmp_path / "seals.jsonl"
    file.write_text(line)
    assert command(audit_log, "verify", "--seals", str(file)).code == 0
    tampering.drop_the_last_seals(audit_log)
    assert command(audit_log, "verify").code == 0
    done = command(audit_log, "verify", "--seals", str(file), "--json")
    assert (done.code, done.json["counts"]) == (4, {"seal_missing": 1})


def test_held_rows_are_archived_after_release(audit_log: AuditLog) -> None:
    audit_log.fill()
    done = command(audit_log, "hold", "place", "product", "--reason", "Case 1")
    (hold,) = command(audit_log, "status", "--json").json["holds"]
    assert done.output == f"Hold {hold['id']} placed.\n"
    assert hold["reason"] == "Case 1"
    assert audit_log.archive()["changes"].rows == 0
    assert command(audit_log, "hold", "release", hold["id"]).code == 0
    again = command(audit_log, "hold", "release", hold["id"])
    assert (again.code, again.output) == (2, "")
    assert again.errors.startswith(f"No active hold has the id {hold['id']}.")
    assert audit_log.archive()["changes"].rows == 42
    assert audit_log.count_findings() == {}
    assert KEPT not in [row["at"] for row in audit_log.rows(CHANGES, restored=True)]


def test_a_hold_on_one_record_keeps_its_rows_only(audit_log: AuditLog) -> None:
    audit_log.fill()
    before = [row for row in audit_log.rows(CHANGES) if row["entity_id"] == PEN]
    command(
        audit_log, "hold", "place", "Product", "--id", str(PEN), "--reason", "Case 1"
    )
    assert audit_log.archive()["changes"].rows == 21
    live = [row for row in audit_log.rows(CHANGES) if row["entity"] == "Product"]
    assert [row for row in live if row["entity_id"] == PEN] == before
    assert len(live) == 30 + 9
    assert audit_log.count_findings() == {}


def test_a_hold_applies_to_changes_through_the_api(
    audit_log: AuditLog, client: TestClient
) -> None:
    pen = {"sku": "PEN-1", "name": "Pen", "price": "1.50"}
    id = client.post("products", json=pen).json()["id"]
    command(audit_log, "hold", "place", "Product", "--id", id, "--reason", "Case 1")
    plan = audit_log.run(
        lambda context: make_plan(context.database, CHANGES, now() + timedelta(days=1))
    )
    assert (plan.held, plan.rows) == (1, 1)  # the other is the entry of the hold


@pytest.mark.sampled
@pytest.mark.parametrize(
    "words",
    [
        ("run", *KEEP, "--yes"),
        ("plan",),
        ("status",),
        ("query", "--entity", "Product"),
        ("verify",),
    ],
    ids=lambda words: words[0],
)
def test_a_renamed_column_is_named(audit_log: AuditLog, words: tuple[str, ...]) -> None:
    """Not as an error of the database, after which another run may succeed."""
    audit_log.fill(days=1)
    tampering.target_of(audit_log).define(
        "ALTER TABLE audit_change RENAME COLUMN at TO why"
    )
    done = command(audit_log, *words)
    assert done.code == 4
    assert "audit_change has no column at, but why" in done.output + done.errors
    assert len(done.errors.splitlines()) == 1
