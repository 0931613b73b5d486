"""Manipulated rows and files stop a run and a restore.

What `verify` reports of each manipulation is in the table of attacks.
"""

import pytest

from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.logs import CHANGES
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import AuditLog, CallAtStep
from tests.audit.archive.verify import tampering
from tests.audit.archive.verify.tampering import Tamper
from tests.databases import SECRET, make_settings

pytestmark = [both_places, pytest.mark.slow]

MODIFIED, MISSING, EXTRA = FindingKind.MODIFIED, FindingKind.MISSING, FindingKind.EXTRA
# Lines of a file that are no rows.
NO_ROWS = ["{}", "null", "[]", "1", '{"at": 1, "id": 2}', "[" * 100_000, "\x00\xff"]


def test_rows_of_every_window_are_compared(
    archived: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.verify.rows.WINDOW_ROWS", 1)
    assert archived.count_findings() == {}
    tampering.change_a_file(archived)
    assert archived.count_findings() == {FindingKind.FILE_CHANGED: 1, MODIFIED: 1}


@pytest.mark.sampled
@pytest.mark.parametrize("content", NO_ROWS, ids=lambda text: repr(text[:8]))
def test_a_file_of_something_else_is_reported(archived: AuditLog, content: str) -> None:
    tampering.replace_lines(archived, content.encode("latin-1"))
    assert archived.count_findings() == {FindingKind.FILE_CHANGED: 1, MISSING: 6}


def test_a_forged_chain_does_not_match_the_evidence(
    audit_log: AuditLog,
) -> None:
    """The holder of the key can rewrite the chain, but not what is kept elsewhere."""
    audit_log.fill()
    audit_log.seal()
    evidence = [SealRef(seal.number, seal.hash) for seal in audit_log.seals()]
    tampering.drop_all_seals(audit_log)
    tampering.change_a_row(audit_log)
    audit_log.seal()
    # The accesses are sealed as before: the same rows have the same root.
    assert audit_log.count_findings() == {}
    assert audit_log.count_findings(*evidence) == {FindingKind.SEAL_CHANGED: 1}


def test_a_late_access_is_not_a_finding(archived: AuditLog) -> None:
    tampering.add_an_access(archived)
    report = archived.verify()
    assert (report.late, report.findings) == (1, [])
    assert archived.archive()["accesses"].rows == 1
    assert archived.verify().late == 0


def test_a_row_that_is_not_sealed_stays_live(audit_log: AuditLog) -> None:
    audit_log.fill()
    audit_log.seal()
    before = audit_log.live_lines(CHANGES)
    tampering.insert_a_row(audit_log)
    (extra,) = {*audit_log.live_lines(CHANGES)} - {*before}
    assert audit_log.archive()["changes"].rows == 42
    assert extra in audit_log.live_lines(CHANGES)
    assert audit_log.archive()["changes"].rows == 0
    assert audit_log.count_findings() == {EXTRA: 1}


def test_a_row_modified_after_sealing_is_not_deleted(audit_log: AuditLog) -> None:
    audit_log.fill()
    audit_log.seal()
    tampering.change_a_row(audit_log)
    before = audit_log.live_lines(CHANGES)
    with pytest.raises(VerificationException):
        audit_log.archive()
    assert audit_log.live_lines(CHANGES) == before


def test_a_row_that_differs_from_its_copy_is_not_deleted(audit_log: AuditLog) -> None:
    """The file is changed between two steps of the run."""
    audit_log.fill(days=1)
    before = audit_log.live_lines(CHANGES)
    audit_log.progress = CallAtStep(
        "written", lambda: tampering.change_a_file(audit_log)
    )
    with pytest.raises(VerificationException):
        audit_log.archive()
    assert audit_log.live_lines(CHANGES) == before


def test_no_row_is_deleted_if_a_verified_file_was_changed(
    audit_log: AuditLog,
) -> None:
    audit_log.fill(days=1)
    before = audit_log.live_lines(CHANGES)
    audit_log.progress = CallAtStep(
        "verified", lambda: tampering.change_a_file(audit_log)
    )
    with pytest.raises(VerificationException):
        audit_log.archive()
    assert audit_log.live_lines(CHANGES) == before


@pytest.mark.sampled
@pytest.mark.parametrize(
    "tamper",
    [
        tampering.change_a_file,
        tampering.truncate_a_file,
        tampering.change_a_manifest,
        tampering.sign_a_manifest_again,
    ],
    ids=lambda tamper: tamper.__name__,
)
def test_a_file_that_was_tampered_with_is_not_restored(
    archived: AuditLog, tamper: Tamper
) -> None:
    tamper(archived)
    with pytest.raises(VerificationException):
        archived.restore()
    assert archived.rows(CHANGES, restored=True) == []


def test_seals_under_an_old_secret_key_verify(archived: AuditLog) -> None:
    new = {"SECRET_KEY": "new-" + "s" * 40, "SECRET_KEYS_OLD": SECRET}
    url = archived.settings.DATABASE_URL
    renewed = archived.with_settings(make_settings(url, **new))
    assert renewed.count_findings() == {}
    del new["SECRET_KEYS_OLD"]
    findings = archived.with_settings(make_settings(url, **new)).count_findings()
    forged = {FindingKind.SEAL_FORGED, FindingKind.MANIFEST_FORGED}
    assert findings.keys() == forged | {FindingKind.KEY_CHANGED}
