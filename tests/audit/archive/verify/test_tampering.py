"""Each manipulation of rows, files or seals is reported by kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.logs import CHANGES
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.conftest import copy_log
from tests.audit.archive.rows import AuditLog, CallAtStep
from tests.audit.archive.verify import tampering
from tests.audit.archive.verify.tampering import Tamper, clear_changes
from tests.databases import SECRET, Template, make_settings

MODIFIED, MISSING, EXTRA = FindingKind.MODIFIED, FindingKind.MISSING, FindingKind.EXTRA
# Each manipulation, and the number of findings of each kind.
TAMPERINGS: list[tuple[Tamper, dict[FindingKind, int]]] = [
    (tampering.change_a_row, {MODIFIED: 1}),
    (tampering.change_a_value, {MODIFIED: 1}),
    (tampering.change_a_time, {MODIFIED: 1}),
    (tampering.delete_a_row, {MISSING: 1}),
    (tampering.insert_a_row, {EXTRA: 1}),
    (tampering.insert_a_row_without_a_number, {EXTRA: 1}),
    (tampering.insert_a_row_of_the_future, {EXTRA: 1}),
    (tampering.seal_a_row_again, {EXTRA: 1}),
    (tampering.add_an_access_of_a_sealed_transaction, {EXTRA: 1}),
    (tampering.replace_a_row, {MISSING: 1, EXTRA: 1}),
    (tampering.reinsert_a_row, {EXTRA: 1}),
    (tampering.change_a_file, {FindingKind.FILE_CHANGED: 1, MODIFIED: 1}),
    (tampering.truncate_a_file, {FindingKind.FILE_DAMAGED: 1, MISSING: 1}),
    (tampering.corrupt_a_file, {FindingKind.FILE_DAMAGED: 1, MISSING: 6}),
    (tampering.delete_a_file, {FindingKind.FILE_MISSING: 1, MISSING: 6}),
    (tampering.delete_the_last_file_and_its_record, {MISSING: 6}),
    (tampering.swap_two_files, {FindingKind.FILE_CHANGED: 2}),
    (tampering.swap_two_manifests, {FindingKind.MANIFEST_CHANGED: 2}),
    (tampering.change_an_index, {FindingKind.FILE_CHANGED: 1}),
    (tampering.change_a_manifest, {FindingKind.MANIFEST_CHANGED: 1}),
    (tampering.delete_a_manifest, {FindingKind.MANIFEST_MISSING: 1, MISSING: 6}),
    (tampering.sign_a_manifest_again, {FindingKind.MANIFEST_FORGED: 1}),
    (tampering.add_a_file, {FindingKind.FILE_EXTRA: 1}),
    # By number, leaves and manifests. It covers 60 rows, which are unsealed now.
    (tampering.drop_a_seal, {FindingKind.SEAL_MISSING: 3, EXTRA: 60}),
    (tampering.drop_the_last_seals, {FindingKind.SEAL_MISSING: 1}),
    (tampering.change_a_seal, {FindingKind.SEAL_CHANGED: 1}),
    (tampering.change_its_leaves, {FindingKind.SEAL_CHANGED: 1, EXTRA: 1}),
    (tampering.change_its_leaves_and_root, {FindingKind.SEAL_CHANGED: 1, EXTRA: 1}),
    (tampering.change_a_row_and_its_leaf, {FindingKind.SEAL_CHANGED: 1}),
    # The root of a seal after the first one covers more than its own leaves.
    (tampering.change_a_row_its_leaf_and_root, {FindingKind.SEAL_CHANGED: 2}),
    (tampering.sign_a_seal_again, {FindingKind.SEAL_FORGED: 1}),
    (tampering.change_a_tile, {FindingKind.TILE_CHANGED: 1}),
    # Leaves: their times and ids are not part of the root.
    (tampering.redate_leaf, {FindingKind.SEAL_CHANGED: 1, MISSING: 1}),
    (tampering.redate_an_access, {FindingKind.SEAL_CHANGED: 1, MISSING: 1}),
    (tampering.redate_beyond_any_calendar, {FindingKind.SEAL_CHANGED: 1, MISSING: 1}),
    (
        tampering.give_a_leaf_its_neighbours_id,
        {FindingKind.SEAL_CHANGED: 1, MISSING: 1},
    ),
    (tampering.replace_an_access, {FindingKind.SEAL_CHANGED: 1, MISSING: 1}),
    (tampering.append_a_byte_to_leaves, {FindingKind.SEAL_CHANGED: 1}),
    (tampering.call_a_pruned_file_verified, {MODIFIED: 1}),
    # Damage that is no row, no manifest or no file.
    (tampering.make_manifest_a_list, {FindingKind.MANIFEST_CHANGED: 1, MISSING: 6}),
    (tampering.make_manifest_null, {FindingKind.MANIFEST_CHANGED: 1, MISSING: 6}),
    (
        tampering.make_manifest_s_hash_a_number,
        {FindingKind.MANIFEST_CHANGED: 1, MISSING: 6},
    ),
    (
        tampering.make_manifest_a_directory,
        {FindingKind.MANIFEST_CHANGED: 1, MISSING: 6},
    ),
    (tampering.make_file_a_directory, {FindingKind.FILE_DAMAGED: 1, MISSING: 6}),
]
# Lines of a file that are no rows.
NO_ROWS = ["{}", "null", "[]", "1", '{"at": 1, "id": 2}', "[" * 100_000, "\x00\xff"]


@pytest.fixture(scope="module")
def original(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AuditLog]:
    """Logs whose rows are sealed and mostly archived, without findings."""
    with template.copy() as url:
        audit_log = AuditLog(make_settings(url), tmp_path_factory.mktemp("archive"))
        clear_changes(audit_log).fill()
        audit_log.archive()
        assert audit_log.count_findings() == {}
        yield audit_log


@pytest.fixture
def sealed(
    original: AuditLog, template: Template, tmp_path: Path
) -> Iterator[AuditLog]:
    with copy_log(original, template, tmp_path / "sealed") as copy:
        yield copy


@pytest.mark.parametrize(
    ("tamper", "names"), TAMPERINGS, ids=lambda each: getattr(each, "__name__", "")
)
def test_tampering_is_reported(
    sealed: AuditLog, tamper: Tamper, names: dict[FindingKind, int]
) -> None:
    tamper(sealed)
    assert sealed.count_findings() == names


def test_rows_of_every_window_are_compared(
    sealed: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.verify.rows.WINDOW_ROWS", 1)
    assert sealed.count_findings() == {}
    tampering.change_a_file(sealed)
    assert sealed.count_findings() == {FindingKind.FILE_CHANGED: 1, MODIFIED: 1}


@pytest.mark.parametrize("content", NO_ROWS, ids=lambda text: repr(text[:8]))
def test_a_file_of_something_else_is_reported(sealed: AuditLog, content: str) -> None:
    tampering.replace_lines(sealed, content.encode("latin-1"))
    assert sealed.count_findings() == {FindingKind.FILE_CHANGED: 1, MISSING: 6}


def test_leaves_that_are_gone_are_reported(sealed: AuditLog) -> None:
    tampering.leave_one_byte_of_leaves(sealed)
    assert sealed.count_findings()[FindingKind.SEAL_CHANGED] == 1


def test_an_exported_seal_is_a_witness(audit_log: AuditLog) -> None:
    """Without one, a truncated chain is valid."""
    audit_log.fill()
    audit_log.seal()
    newest = audit_log.seals()[-1]
    tampering.drop_the_last_seals(audit_log)
    assert audit_log.count_findings() == {}
    assert audit_log.count_findings(SealRef(newest.number, newest.hash)) == {
        FindingKind.SEAL_MISSING: 1
    }


def test_a_forged_chain_does_not_match_its_witnesses(
    audit_log: AuditLog,
) -> None:
    """An attacker with the key can rewrite the chain, but not its witnesses."""
    audit_log.fill()
    audit_log.seal()
    witnesses = [SealRef(seal.number, seal.hash) for seal in audit_log.seals()]
    tampering.drop_all_seals(audit_log)
    tampering.change_a_row(audit_log)
    audit_log.seal()
    # The accesses are sealed as before: the same rows have the same root.
    assert audit_log.count_findings() == {}
    assert audit_log.count_findings(*witnesses) == {FindingKind.SEAL_CHANGED: 1}


def test_a_late_access_is_not_a_finding(sealed: AuditLog) -> None:
    tampering.add_an_access(sealed)
    report = sealed.verify()
    assert (report.late, report.findings) == (1, [])
    assert sealed.archive()["accesses"].rows == 1
    assert sealed.verify().late == 0


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
    sealed: AuditLog, tamper: Tamper
) -> None:
    tamper(sealed)
    with pytest.raises(VerificationException):
        sealed.restore()
    assert sealed.rows(CHANGES, restored=True) == []


def test_seals_under_an_old_secret_key_verify(sealed: AuditLog) -> None:
    new = {"SECRET_KEY": "new-" + "s" * 40, "SECRET_KEYS_OLD": SECRET}
    url = sealed.settings.DATABASE_URL
    assert AuditLog(make_settings(url, **new), sealed.directory).count_findings() == {}
    del new["SECRET_KEYS_OLD"]
    findings = AuditLog(make_settings(url, **new), sealed.directory).count_findings()
    assert findings.keys() == {FindingKind.SEAL_FORGED, FindingKind.MANIFEST_FORGED}
