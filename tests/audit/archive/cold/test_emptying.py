"""The leaves of rows that are in files alone leave the database, and are verified."""

from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.audit.archive.cold.emptying import SealEmptier
from app.audit.archive.cold.indexes import LeafIndexer
from app.audit.archive.exceptions import TimeLimitException
from app.audit.archive.logs import ACCESSES, CHANGES
from app.audit.archive.progress import Progress
from app.audit.archive.verify.report import FindingKind
from app.core.clock import TICK, now
from tests.audit.archive.checkpoints.old_seals import seal_as_before
from tests.audit.archive.checkpoints.test_tree import no_runs
from tests.audit.archive.cold import logs
from tests.audit.archive.commands import command
from tests.audit.archive.rows import (
    PEN,
    AuditLog,
    CallAtStep,
    make_accesses,
    make_change,
)
from tests.audit.archive.run.past import create_partition, past_accesses
from tests.audit.archive.run.test_holds import hold, stop
from tests.audit.archive.verify import tampering

pytestmark = pytest.mark.slow


def release(audit_log: AuditLog, id: str) -> None:
    done = command(audit_log, "hold", "release", id)
    assert done.code == 0, done.errors


def test_the_leaves_of_pruned_tiles_are_emptied(audit_log: AuditLog) -> None:
    logs.fill(audit_log)
    logs.archive_days(audit_log, 4)
    assert logs.emptied(audit_log) == []  # 240 of the 256 rows of a tile
    logs.archive_days(audit_log, 5)
    assert logs.emptied(audit_log) == [0, 100]
    report = audit_log.verify()
    assert (report.findings, report.cold) == ([], 300)
    logs.archive_days(audit_log, 10)
    assert logs.emptied(audit_log) == [0, 100, 200, 300, 400]
    report = audit_log.verify()
    assert (report.findings, report.cold) == ([], 600)


def test_an_archived_row_of_a_clock_that_was_ahead_is_not_unknown(
    audit_log: AuditLog, client: TestClient
) -> None:
    """The log continues its time, so ids have earlier ones; some leaves are emptied."""
    ahead = now() + timedelta(days=400)
    rows = [make_change(ahead + number * TICK, number) for number in range(300)]
    audit_log.batch_size = 1_000
    audit_log.add(CHANGES, rows)
    logs.seal_hundreds(audit_log)
    audit_log.archive(ahead + timedelta(days=1))
    assert logs.emptied(audit_log) == [0, 100]
    for row in (rows[0], rows[-1]):
        answer = client.get(f"audit/changes/{row['id']}/proof")
        assert (answer.status_code, answer.json()["code"]) == (410, "archived")


@pytest.mark.heavy
def test_leaves_stay_while_a_hold_keeps_a_row_of_their_tiles(
    audit_log: AuditLog,
) -> None:
    logs.fill(audit_log)
    audit_log.add(CHANGES, [make_change(now(), 1, entity="Task")])
    id = hold(audit_log, "--id", str(PEN))
    logs.archive_days(audit_log, 9)
    assert logs.emptied(audit_log) == []
    assert audit_log.count_findings() == {}
    release(audit_log, id)
    logs.archive_days(audit_log, 9)
    assert logs.emptied(audit_log) == [0, 100, 200, 300, 400]
    assert audit_log.count_findings() == {}


@pytest.mark.heavy
def test_old_seals_in_the_first_tile_do_not_keep_its_leaves(
    audit_log: AuditLog,
) -> None:
    logs.add_rows(audit_log)
    audit_log.add(ACCESSES, make_accesses(days=1))
    seal_as_before(audit_log)
    logs.seal_hundreds(audit_log)
    logs.archive_days(audit_log, 9)
    assert logs.emptied(audit_log) == [24, 124, 224, 324]
    assert audit_log.count_findings() == {}


@pytest.mark.heavy
def test_files_without_indexes_do_not_replace_leaves(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the release before; their rows share a tile with those of the others."""
    logs.fill(audit_log)
    with monkeypatch.context() as patch:
        patch.setattr(LeafIndexer, "make_runs", no_runs)
        logs.archive_days(audit_log, 5)
    logs.archive_days(audit_log, 9)
    assert logs.emptied(audit_log) == []
    assert audit_log.count_findings() == {}


def test_leaves_of_accesses_stay_until_their_partition_is_dropped(
    audit_log: AuditLog,
) -> None:
    audit_log.add(ACCESSES, make_accesses(days=8, each=60))
    logs.seal_hundreds(audit_log)
    logs.archive_days(audit_log, 6)
    waits = audit_log.keeps_archived(ACCESSES)
    assert logs.emptied(audit_log, ACCESSES) == ([] if waits else [0, 100])
    assert audit_log.count_findings() == {}


def test_leaves_of_accesses_are_emptied_with_their_partition(
    audit_log: AuditLog,
) -> None:
    if audit_log.keeps_archived(ACCESSES):
        create_partition(audit_log)
    audit_log.add(ACCESSES, past_accesses(days=2, each=150))
    logs.seal_hundreds(audit_log)
    audit_log.archive()
    assert logs.emptied(audit_log, ACCESSES) == [0, 100]
    assert audit_log.count_findings() == {}


@pytest.mark.heavy
def test_rows_of_several_seals_may_alternate(audit_log: AuditLog) -> None:
    """Late rows have other places in the tree than in their file."""
    logs.fill(audit_log)
    times = [logs.before_day(1) + timedelta(seconds=90 * n) for n in range(300)]
    rows = [
        make_change(at, number, entity_id=UUID(int=7), version=number + 1)
        for number, at in enumerate(times)
    ]
    audit_log.add(CHANGES, rows)
    logs.seal_hundreds(audit_log)
    logs.archive_days(audit_log, 10)
    assert len(logs.emptied(audit_log)) == 7
    report = audit_log.verify()
    assert (report.findings, report.cold) == ([], 900)


@pytest.mark.sampled
@pytest.mark.either
@pytest.mark.parametrize("step", ["pruned", "emptied"])
def test_an_interrupted_run_empties_the_rest(audit_log: AuditLog, step: str) -> None:
    logs.fill(audit_log)
    audit_log.progress = CallAtStep(step, stop)
    with pytest.raises(TimeLimitException):
        logs.archive_days(audit_log, 9)
    audit_log.progress = Progress()
    assert audit_log.count_findings() == {}
    logs.archive_days(audit_log, 9)
    assert logs.emptied(audit_log) == [0, 100, 200, 300, 400]
    assert audit_log.count_findings() == {}


@pytest.mark.heavy
def test_leaves_that_a_damaged_file_cannot_replace_stay(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.fill(audit_log)
    with monkeypatch.context() as patch:
        patch.setattr(SealEmptier, "empty", logs.empty_nothing)
        logs.archive_days(audit_log, 9)
    tampering.change_a_file(audit_log)
    logs.archive_days(audit_log, 9)
    assert logs.emptied(audit_log) == [100, 200, 300, 400]
    assert audit_log.count_findings() == {
        FindingKind.FILE_CHANGED: 1,
        FindingKind.MODIFIED: 1,
    }
