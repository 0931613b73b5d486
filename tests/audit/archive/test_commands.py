"""The command line: what it answers, and with which exit code."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import CHANGES
from app.audit.archive.plan import Day, Plan, later, make_plan
from app.audit.archive.run.archiver import Outcome
from app.audit.archive.run.lock import only_run
from scripts.archive.show import show_outcomes, show_plans
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import KEPT, OLD, PEN, Trail
from tests.audit.archive.verify import tampering
from tests.databases import make_settings
from tests.forked import Done
from tests.servers import free_port


def test_without_a_command_it_plans_and_changes_nothing(trail: Trail) -> None:
    trail.fill()
    before = trail.rows(CHANGES)
    done = command(trail)
    assert (done.code, done.complaint) == (0, "")
    assert "nothing to do" in done.output
    assert done.output.endswith("Nothing was changed. `run` does it.\n")
    assert trail.rows(CHANGES) == before
    assert list(trail.folder.iterdir()) == []


def test_a_plan_tells_days_rows_bytes_and_what_stays(trail: Trail) -> None:
    trail.fill()
    command(trail, "hold", "place", "Product", "--id", str(PEN), "--reason", "Case 1")
    changes, accesses = command(trail, "plan", *KEEP, "--json").json
    assert changes["log"] == "changes"
    assert [day["rows"] for day in changes["days"]] == [6] * 7
    assert changes["days"][0]["day"] == f"{OLD:%Y-%m-%d}"
    # Half of the 42 are the pen's; the hold itself is on record, too.
    assert (changes["held"], changes["staying"]) == (21, 18 + 1)
    assert changes["line_bytes"] > changes["file_bytes"] > 0
    assert [day["rows"] for day in accesses["days"]] == [4] * 7


def test_a_whole_life(trail: Trail) -> None:
    trail.fill()
    run = command(trail, "run", *KEEP, "--yes", "--json")
    assert (run.code, run.complaint) == (0, "")
    assert {name: done["rows"] for name, done in run.json.items()} == {
        "changes": 42,
        "accesses": 28,
    }
    again = command(trail, "run", *KEEP, "--yes", "--json")
    assert {done["rows"] for done in again.json.values()} == {0}
    verify = command(trail, "verify")
    assert (verify.code, verify.complaint) == (0, "")
    assert verify.output.endswith("All is as it was sealed.\n")
    restore = command(trail, "restore", "--json")
    assert restore.json["changes"]["rows"] == 42
    status = command(trail, "status", "--json").json
    assert status["logs"]["changes"]["restored"] == 42
    assert status["logs"]["changes"]["archived"] == 42
    assert status["logs"]["changes"]["unfinished"] == []
    assert status["newest_seal"]["number"] == len(trail.seals())
    purge = command(trail, "purge-restored", "--yes", "--json")
    assert purge.json == {"changes": 42, "accesses": 28}
    assert trail.rows(CHANGES, restored=True) == []


def test_for_people_it_is_readable(trail: Trail) -> None:
    trail.fill()
    assert "42 rows of 7 days" in command(trail, "plan", *KEEP).output
    assert "changes: 42 rows in 7 files" in command(trail, "run", *KEEP, "-y").output
    assert "Newest seal: " in command(trail, "status").output
    assert "42 rows in 7 files" in command(trail, "restore").output
    assert "42 restored rows" in command(trail, "purge-restored", "--yes").output


def test_one_is_told_in_the_singular(capsys: pytest.CaptureFixture[str]) -> None:
    show_plans([Plan(CHANGES.name, KEPT, [Day(OLD.date(), 1)])])
    assert "1 row of 1 day," in capsys.readouterr().out
    show_outcomes({CHANGES.name: Outcome(files=1, rows=1)})
    assert "1 row in 1 file," in capsys.readouterr().out


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
def test_wrong_usage(trail: Trail, words: tuple[str, ...]) -> None:
    done = command(trail, *words)
    assert (done.code, done.output) == (2, "")


def test_without_a_place_for_the_archive_it_asks_for_one(trail: Trail) -> None:
    done = command(trail, "run", "--yes", AUDIT_ARCHIVE_DIR="")
    assert done.code == 2
    assert "AUDIT_ARCHIVE_DIR" in done.complaint


@pytest.mark.parametrize(
    "words",
    [("run", *KEEP, "--yes"), ("verify",), ("restore",), ("purge-restored", "--yes")],
    ids=lambda words: words[0],
)
def test_only_one_works_at_a_time(trail: Trail, words: tuple[str, ...]) -> None:
    async def hold(context: ArchiveContext) -> Done:
        async with only_run(context.database):
            return await asyncio.to_thread(command, trail, *words)

    trail.fill()
    done = trail.use(hold)
    assert (done.code, done.output) == (3, "")
    assert done.complaint.startswith("Another run is under way.")
    assert command(trail, *words).code == 0


def test_a_failed_verification(trail: Trail) -> None:
    trail.fill()
    trail.archive()
    tampering.change_a_row(trail)
    done = command(trail, "verify", "--json")
    assert (done.code, done.complaint) == (4, "Verification has failed.\n")
    assert done.json["counts"] == {"row_modified": 1}
    assert "row_modified: 1" in command(trail, "verify").output
    assert command(trail, "run", "--keep-days", "1", "--yes").code == 4


def test_a_time_budget(trail: Trail) -> None:
    trail.fill()
    before = trail.live_lines(CHANGES)
    done = command(trail, "run", *KEEP, "--yes", "--max-seconds", "0.0001")
    assert done.code == 5
    assert done.complaint.startswith("Stopped after 0.0001 s, as told.")
    assert trail.live_lines(CHANGES) == before
    assert command(trail, "run", *KEEP, "--yes").code == 0
    assert len(trail.lines(CHANGES)) == 42


def test_a_folder_that_is_not_there(trail: Trail) -> None:
    trail.fill()
    done = command(trail, "run", *KEEP, "--yes", "--dest", str(trail.folder / "none"))
    assert (done.code, done.output) == (1, "")
    assert done.complaint.startswith("There is no folder ")


def test_a_folder_that_is_not_the_one_of_before(trail: Trail, tmp_path: Path) -> None:
    """The disk of the archive is not mounted, and its mount point is empty."""
    trail.fill()
    assert command(trail, "run", "--until", f"{OLD + DAY:%Y-%m-%d}", "--yes").code == 0
    other = tmp_path / "other"
    other.mkdir()
    before = trail.rows(CHANGES)
    done = command(trail, "run", *KEEP, "--yes", "--dest", str(other))
    assert (done.code, done.output) == (1, "")
    assert "does not hold the archive so far" in done.complaint
    assert trail.rows(CHANGES) == before


DAY = timedelta(days=1)


def test_a_full_disk(trail: Trail) -> None:
    trail.fill()
    before = trail.live_lines(CHANGES)
    place = trail.folder / f"changes/{OLD:%Y/%m}"
    place.mkdir(parents=True)
    full = place / f"{OLD:%Y-%m-%d}.0001.jsonl.gz.part"
    full.symlink_to("/dev/full")
    done = command(trail, "run", *KEEP, "--yes")
    assert (done.code, done.output) == (1, "")
    assert "No space left on device" in done.complaint
    assert trail.live_lines(CHANGES) == before
    full.unlink()
    assert command(trail, "run", *KEEP, "--yes").code == 0
    assert len(trail.lines(CHANGES)) == 42


def test_without_a_schema_it_says_what_to_do(empty_url: str, tmp_path: Path) -> None:
    done = command(Trail(make_settings(empty_url), tmp_path), "plan")
    assert (done.code, done.output) == (1, "")
    assert "alembic upgrade head" in done.complaint


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    url = f"postgresql://app:hunter2@127.0.0.1:{free_port()}/app"
    done = command(Trail(make_settings(url), tmp_path), "run", *KEEP, "--yes")
    assert (done.code, done.output) == (1, "")
    assert "hunter2" not in done.complaint
    assert len(done.complaint.splitlines()) == 1


def test_the_newest_seal_can_be_kept_elsewhere(trail: Trail, tmp_path: Path) -> None:
    trail.fill()
    trail.seal()
    line = command(trail, "export-seal").output
    file = tmp_path / "seals.jsonl"
    file.write_text(line)
    assert command(trail, "verify", "--seals", str(file)).code == 0
    tampering.drop_the_last_seals(trail)
    assert command(trail, "verify").code == 0
    done = command(trail, "verify", "--seals", str(file), "--json")
    assert (done.code, done.json["counts"]) == (4, {"seal_missing": 1})


def test_a_hold_keeps_rows_until_it_is_released(trail: Trail) -> None:
    trail.fill()
    done = command(trail, "hold", "place", "product", "--reason", "Case 1")
    (hold,) = command(trail, "status", "--json").json["holds"]
    assert done.output == f"Hold {hold['id']} is in place.\n"
    assert hold["reason"] == "Case 1"
    assert trail.archive()["changes"].rows == 0
    assert command(trail, "hold", "release", hold["id"]).code == 0
    assert command(trail, "hold", "release", hold["id"]).code == 1
    assert trail.archive()["changes"].rows == 42
    assert trail.faults() == {}
    assert KEPT not in [row["at"] for row in trail.rows(CHANGES, restored=True)]


def test_a_hold_on_one_record_keeps_its_rows_only(trail: Trail) -> None:
    trail.fill()
    before = [row for row in trail.rows(CHANGES) if row["entity_id"] == PEN]
    command(trail, "hold", "place", "Product", "--id", str(PEN), "--reason", "Case 1")
    assert trail.archive()["changes"].rows == 21
    live = [row for row in trail.rows(CHANGES) if row["entity"] == "Product"]
    assert [row for row in live if row["entity_id"] == PEN] == before
    assert len(live) == 30 + 9
    assert trail.faults() == {}


def test_a_hold_is_on_what_the_application_records(
    trail: Trail, client: TestClient
) -> None:
    pen = {"sku": "PEN-1", "name": "Pen", "price": "1.50"}
    id = client.post("products", json=pen).json()["id"]
    command(trail, "hold", "place", "Product", "--id", id, "--reason", "Case 1")
    plan = trail.use(lambda context: make_plan(context.database, CHANGES, later()))
    assert (plan.held, plan.rows) == (1, 1)  # the other one tells of the hold


def test_nothing_can_be_held_that_the_log_does_not_know(trail: Trail) -> None:
    trail.fill()
    done = command(trail, "hold", "place", "Produkt", "--reason", "Case 1")
    assert (done.code, done.output) == (1, "")
    assert done.complaint == "The log knows no Produkt: nothing is held.\n"
    assert command(trail, "status", "--json").json["holds"] == []
