"""Tests of runs, restores and adoptions where seals have no leaves."""

from uuid import UUID

import pytest
from sqlalchemy import update

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import ACCESSES, CHANGES, Log, model_table
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import cold as acts
from tests.audit.archive.attacks.acts import files
from tests.audit.archive.cold import logs
from tests.audit.archive.commands import command
from tests.audit.archive.rows import (
    AuditLog,
    make_accesses,
    make_change,
    make_changes,
)
from tests.audit.archive.run.past import START, create_partition, past_accesses
from tests.audit.archive.run.test_holds import hold
from tests.audit.archive.verify import tampering

pytestmark = [pytest.mark.either, pytest.mark.slow]

SEALS = model_table(AuditSeal)


def empty_leaves(audit_log: AuditLog, log: Log) -> None:
    own = update(SEALS).where(SEALS.c.log == log.name)
    tampering.execute(audit_log, own.values(leaves=b""))


def test_a_run_does_not_seal_late_accesses_again(audit_log: AuditLog) -> None:
    accesses = make_accesses(days=2)
    audit_log.add(ACCESSES, [row | {"transaction_id": None} for row in accesses])
    audit_log.seal()
    count = len(audit_log.seals())
    empty_leaves(audit_log, ACCESSES)
    with pytest.raises(VerificationException, match="leaves are neither"):
        logs.archive_days(audit_log, 2)
    assert len(audit_log.seals()) == count
    assert audit_log.count_findings()[FindingKind.LEAVES_MISSING] == 1


@pytest.mark.heavy
def test_late_rows_among_those_of_emptied_seals_are_archived(
    audit_log: AuditLog,
) -> None:
    logs.fill(audit_log)
    logs.archive_days(audit_log, 5)
    assert logs.emptied(audit_log) == [0, 100]
    audit_log.add(CHANGES, [make_change(logs.before_day(1), 1, entity="Task")])
    audit_log.seal()
    logs.archive_days(audit_log, 9)
    assert logs.emptied(audit_log) == [0, 100, 200, 300, 400]
    assert audit_log.count_findings() == {}
    tampering.files(audit_log)[0].unlink()
    audit_log.add(CHANGES, [make_change(logs.before_day(1), 2, entity="Task")])
    with pytest.raises(VerificationException, match="leaves are neither"):
        logs.archive_days(audit_log, 9)


def test_an_access_whose_file_was_deleted_by_law_is_not_sealed_again(
    audit_log: AuditLog,
) -> None:
    if audit_log.keeps_archived(ACCESSES):
        create_partition(audit_log)
    accesses = [row | {"transaction_id": None} for row in past_accesses()]
    audit_log.add(ACCESSES, accesses)
    audit_log.archive()
    empty_leaves(audit_log, ACCESSES)
    for path in (audit_log.directory / ACCESSES.name).rglob(f"{START:%Y-%m-%d}.*"):
        path.unlink()
    audit_log.add(ACCESSES, accesses[:1])
    with pytest.raises(VerificationException, match="leaves are neither"):
        audit_log.archive()
    assert len(audit_log.rows(ACCESSES)) == 1


def test_rows_of_days_that_were_deleted_by_law_are_archived_after_a_hold(
    audit_log: AuditLog,
) -> None:
    """Emptied seals lie between the held rows, and no file has their leaves."""
    audit_log.batch_size = 1_000
    first, *between, last = make_changes(days=1, each=800)
    held = {"entity_id": UUID(int=7), "action": "INSERT", "old": None}
    next_day = make_change(logs.before_day(1), 800)
    rows = [first | held, *between, last | held | {"version": 2}, next_day]
    audit_log.add(CHANGES, rows)
    logs.seal_hundreds(audit_log)
    id = hold(audit_log, "--id", str(held["entity_id"]))
    logs.archive_days(audit_log, 2)
    assert logs.emptied(audit_log) == [300, 400, 500, 600]
    for path in tampering.find_file_set(audit_log, 0):
        path.unlink()
    assert command(audit_log, "hold", "release", id).code == 0
    logs.archive_days(audit_log, 2)
    assert len(audit_log.lines(CHANGES)) == 3
    assert audit_log.live_lines(CHANGES) == []
    found = audit_log.count_findings()
    assert found[FindingKind.MANIFEST_MISSING] == 1
    assert found[FindingKind.LEAVES_MISSING] == 4


def test_restored_rows_of_emptied_seals_are_verified(cold: AuditLog) -> None:
    assert cold.restore()["changes"].notes == []
    report = cold.verify()
    assert (report.findings, report.restored) == ([], 540)


def test_a_forged_file_of_emptied_seals_is_not_adopted(cold: AuditLog) -> None:
    target = tampering.target_of(cold)
    files.change_line_and_sign(target)
    acts.delete_record_of_emptied_file(target)
    assert len(cold.adopt().contradictions) == 1
    assert cold.count_findings()[FindingKind.LEAVES_MISSING] == 1


@pytest.mark.heavy
def test_nothing_is_adopted_while_the_checkpoint_of_its_seal_is_forged(
    cold: AuditLog,
) -> None:
    target = tampering.target_of(cold)
    acts.sign_emptied_seal(target)
    acts.delete_record_of_emptied_file(target)
    assert len(cold.adopt().contradictions) == 1
