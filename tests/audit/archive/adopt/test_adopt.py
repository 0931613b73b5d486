"""Adoption of the files of a lost database, and what contradicts it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from app.audit.archive.exceptions import TimeLimitException
from app.audit.archive.logs import ACCESSES, CHANGES, model_table
from app.audit.archive.models import AuditIdentity
from app.audit.archive.progress import Progress
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.adopt.restored import (
    contents,
    restore_backup,
    write_until_backup,
)
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.conftest import copy_log, empty_log
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import (
    OLD,
    AuditLog,
    CallAtStep,
    make_access,
    make_changes,
)
from tests.audit.archive.verify import tampering
from tests.databases import Template
from tests.processes.object_store import ObjectStoreServer

pytestmark = [both_places, pytest.mark.either, pytest.mark.slow]


IDENTITIES = model_table(AuditIdentity)


@pytest.fixture(scope="module")
def original(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AuditLog]:
    with (
        empty_log(template, tmp_path_factory.mktemp("archive")) as audit_log,
        restore_backup(audit_log, template) as restored,
    ):
        yield restored


@pytest.fixture
def restored(
    original: AuditLog,
    template: Template,
    tmp_path: Path,
    place: ObjectStoreServer | None,
) -> Iterator[AuditLog]:
    with copy_log(original, template, tmp_path / "restored", place) as restored:
        yield restored


def adopt(restored: AuditLog) -> None:
    done = command(restored, "adopt", "--yes")
    assert (done.code, done.errors) == (0, "")


def check_content(restored: AuditLog) -> None:
    """Check that runs go on and that each row is in one place."""
    assert restored.count_findings() == {}
    restored.archive()
    assert restored.count_findings() == {}
    assert len(restored.lines(CHANGES)) == 42
    assert restored.live_lines(CHANGES) == []


def test_a_dry_run_changes_nothing(restored: AuditLog) -> None:
    before = contents(restored.directory), restored.rows(CHANGES), restored.seals()
    done = command(restored, "adopt", "--dry-run")
    assert (done.code, done.errors) == (0, "")
    assert len(done.output.splitlines()) == 10
    assert "6 rows, 3 live, 3 sealed late" in done.output
    after = contents(restored.directory), restored.rows(CHANGES), restored.seals()
    assert after == before
    assert command(restored, "run", *KEEP, "--yes").code == 4


def test_adoption_needs_a_confirmation(restored: AuditLog) -> None:
    assert command(restored, "adopt").code == 2


@pytest.mark.heavy
def test_without_unknown_files_there_is_nothing_to_adopt(audit_log: AuditLog) -> None:
    write_until_backup(audit_log)
    done = command(audit_log, "adopt", "--yes")
    assert done.code == 0
    assert done.output == "Every file is recorded: nothing to adopt.\n"


def test_an_adoption_is_in_the_change_log(restored: AuditLog) -> None:
    adopt(restored)
    rows = [row for row in restored.rows(CHANGES) if row["reason"] == "adopted"]
    assert [row["entity"] for row in rows] == ["audit_change"] * 5 + [
        "audit_access"
    ] * 5
    assert {**rows[0]["new"], "file": ""} == {"file": "", "rows": 6, "late": 3}
    assert "Adopted after a restore: 10 files" in command(restored, "verify").output


def test_an_interrupted_adoption_is_resumed(restored: AuditLog) -> None:
    """Its rows are sealed once."""
    with pytest.MonkeyPatch.context() as patch:
        record = "app.audit.archive.adopt.adopter.Adopter.record_file"
        patch.setattr(record, stop)
        with pytest.raises(TimeLimitException):
            restored.adopt()
    restored.progress = CallAtStep("adopted", raise_limit)
    with pytest.raises(TimeLimitException):
        restored.adopt()
    restored.progress = Progress()
    assert len(restored.adopt().files) == 9
    check_content(restored)


async def stop(*_: object) -> None:
    raise_limit()


def raise_limit() -> None:
    raise TimeLimitException("on purpose")


def delete_a_recorded_file(restored: AuditLog) -> None:
    """The second of two: the oldest may have been deleted by law."""
    for path in tampering.find_file_set(restored, 1):
        path.unlink()


def delete_an_unknown_file(restored: AuditLog) -> None:
    for path in tampering.find_file_set(restored, 3):
        path.unlink()


def leave_a_file_without_manifest(restored: AuditLog) -> None:
    tampering.files(restored, "manifest.json")[-1].unlink()


def leave_an_index_alone(restored: AuditLog) -> None:
    leave_a_file_without_manifest(restored)
    tampering.files(restored)[-1].unlink()


def sign_the_last_manifest_again(restored: AuditLog) -> None:
    """The first manifest is recorded, the last is not."""
    first, last = [tampering.files(restored, "manifest.json")[at] for at in (0, -1)]
    tampering.swap(first, last)
    tampering.sign_a_manifest_again(restored)
    tampering.swap(first, last)


def change_the_last_file(restored: AuditLog) -> None:
    tampering.files(restored)[-1].write_bytes(b"")


def change_the_last_index(restored: AuditLog) -> None:
    tampering.files(restored, "keys")[-1].write_bytes(b"")


def swap_unknown_manifests(restored: AuditLog) -> None:
    tampering.swap(*tampering.files(restored, "manifest.json")[-2:])


def damage_the_last_manifest(restored: AuditLog) -> None:
    tampering.files(restored, "manifest.json")[-1].write_text("[1]")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (tampering.change_a_row, "differs from the live row"),
        (sign_the_last_manifest_again, "signing key is unknown"),
        (change_the_last_file, "does not match its SHA-256"),
        (change_the_last_index, "index does not match its SHA-256"),
        (swap_unknown_manifests, "manifest of another file"),
        (damage_the_last_manifest, "malformed"),
        (leave_a_file_without_manifest, "has no manifest"),
        (leave_an_index_alone, "has no manifest"),
        (delete_a_recorded_file, "not in the folder"),
        (delete_an_unknown_file, "the file before it is missing"),
        (tampering.change_a_manifest, "another manifest is recorded"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_contradicts_is_named_and_nothing_is_changed(
    restored: AuditLog, tamper: tampering.Tamper, reason: str
) -> None:
    tamper(restored)
    before = contents(restored.directory), restored.rows(CHANGES), restored.seals()
    done = command(restored, "adopt", "--yes", "--json")
    assert done.code == 4
    assert done.errors.startswith("Nothing was changed")
    assert reason in " ".join(done.json["contradictions"])
    after = contents(restored.directory), restored.rows(CHANGES), restored.seals()
    assert after == before


@pytest.mark.heavy
def test_a_backup_from_before_the_identity_gets_that_of_the_folder(
    restored: AuditLog,
) -> None:
    tampering.execute(restored, delete(IDENTITIES))
    done = command(restored, "run", *KEEP, "--yes")
    assert (done.code, "adopt" in done.errors) == (4, True)
    adopt(restored)
    check_content(restored)


@pytest.mark.heavy
def test_a_folder_without_an_identity_gets_that_of_the_database(
    restored: AuditLog,
) -> None:
    (restored.directory / "identity.json").unlink()
    adopt(restored)
    check_content(restored)


@pytest.mark.heavy
def test_rows_that_were_written_after_the_restore_stay_live(
    restored: AuditLog,
) -> None:
    restored.add(CHANGES, make_changes(days=9)[-6:])
    restored.seal()
    written = restored.live_lines(CHANGES)[-6:]
    adopt(restored)
    assert restored.count_findings() == {}
    restored.archive()
    assert restored.live_lines(CHANGES) == written
    assert len(restored.lines(CHANGES)) == 42
    assert restored.count_findings() == {}


@pytest.mark.heavy
def test_the_oldest_files_may_have_been_deleted_by_law(restored: AuditLog) -> None:
    """`verify` reports them, before and after."""
    for path in tampering.find_file_set(restored, 0):
        path.unlink()
    adopt(restored)
    missing = {FindingKind.MANIFEST_MISSING: 1, FindingKind.MISSING: 6}
    assert restored.count_findings() == missing
    restored.archive()
    assert restored.count_findings() == missing


@pytest.mark.heavy
def test_a_backup_that_was_made_during_a_run(
    audit_log: AuditLog, template: Template
) -> None:
    """The database has the file in state WRITING, the folder has it complete."""

    def write(audit_log: AuditLog) -> None:
        audit_log.progress = CallAtStep("started", raise_limit)
        with pytest.raises(TimeLimitException):
            write_until_backup(audit_log)
        audit_log.progress = Progress()

    with restore_backup(audit_log, template, write) as restored:
        done = command(restored, "run", *KEEP, "--yes")
        assert (done.code, "adopt" in done.errors) == (4, True)
        adopt(restored)
        check_content(restored)


@pytest.mark.heavy
def test_files_are_adopted_in_the_order_of_their_chain(
    audit_log: AuditLog, template: Template
) -> None:
    """The file of a late access comes last, though its day is the first."""
    with restore_backup(audit_log, template) as restored:
        audit_log.add(ACCESSES, [make_access(OLD + timedelta(hours=5), 1_000)])
        audit_log.archive()
        assert audit_log.count_findings() == {}
        names = [each.name for each in restored.adopt().files]
        assert names[-1] == f"accesses/{OLD:%Y/%m/%Y-%m-%d}.0002"
        check_content(restored)
