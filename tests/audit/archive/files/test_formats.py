"""Folders of the release before, whose manifests have format 1 and no identity."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.audit.archive.logs import CHANGES
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.rows import OLD, AuditLog
from tests.audit.archive.verify import tampering
from tests.audit.archive.verify.tampering import FILES, files

pytestmark = [pytest.mark.either, pytest.mark.slow]


async def no_archive_id(_: object) -> None:
    """Return None, as there was no id."""


@pytest.fixture
def old_log(audit_log: AuditLog) -> AuditLog:
    """Logs that the release before has archived in part."""
    audit_log.fill()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.audit.archive.run.writer.FORMAT", 1)
        patch.setattr("app.audit.archive.run.writer.get_archive_id", no_archive_id)
        audit_log.archive(OLD + timedelta(days=2))
    (audit_log.directory / "identity.json").unlink()
    return audit_log


def read_formats(audit_log: AuditLog) -> list[tuple[int, bool]]:
    manifests = [
        json.loads(path.read_text()) for path in files(audit_log, "manifest.json")
    ]
    return [(each["format"], "archive" in each) for each in manifests]


def test_manifests_of_both_formats_are_valid(old_log: AuditLog) -> None:
    assert read_formats(old_log) == [(1, False)] * 2
    assert old_log.count_findings() == {}
    old_log.archive()
    assert read_formats(old_log) == [(1, False)] * 2 + [(2, True)] * 5
    assert old_log.count_findings() == {}
    assert old_log.restore()["changes"].rows == 42


@pytest.mark.heavy
def test_a_folder_without_an_identity_is_claimed(old_log: AuditLog) -> None:
    old_log.archive()
    identity = json.loads((old_log.directory / "identity.json").read_text())
    newest = json.loads(files(old_log, "manifest.json")[-1].read_text())
    assert identity == {"archive": newest["archive"]}
    assert old_log.live_lines(CHANGES) != []


@pytest.mark.heavy
def test_files_that_a_wrong_clock_has_disordered_are_numbered(
    old_log: AuditLog,
) -> None:
    """The migration numbers files by their ids."""
    numbered = update(FILES).values(sequence=100 - FILES.c.sequence)
    tampering.execute(old_log, numbered)
    assert old_log.count_findings() == {FindingKind.MANIFEST_CHANGED: 4}
    old_log.archive()
    assert old_log.count_findings() == {}
