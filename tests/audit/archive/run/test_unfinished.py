"""Files that have a manifest, but were not recorded as verified."""

from pathlib import Path

import pytest

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import TimeLimitException, VerificationException
from app.audit.archive.holds import HoldRepository
from app.audit.archive.logs import CHANGES
from app.audit.archive.models import AuditHold
from app.audit.archive.progress import Progress
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import PRODUCT, AuditLog, CallAtStep
from tests.audit.archive.verify import tampering

pytestmark = [both_places, pytest.mark.slow]


def stop() -> None:
    raise TimeLimitException("on purpose")


def stop_at(audit_log: AuditLog, step: str) -> AuditLog:
    audit_log.progress = CallAtStep(step, stop)
    with pytest.raises(TimeLimitException):
        audit_log.archive()
    audit_log.progress = Progress()
    return audit_log


@pytest.fixture
def described(audit_log: AuditLog) -> AuditLog:
    """One file with a manifest, in state WRITING."""
    audit_log.fill(days=1)
    return stop_at(audit_log, "described")


def hold_products(audit_log: AuditLog) -> None:
    async def hold(context: ArchiveContext) -> None:
        async with context.database.writing() as session:
            held = AuditHold(entity=PRODUCT, reason="Case 1", placed_by="ann")
            await HoldRepository(session).add_hold(held)

    audit_log.run(hold)


def find_manifest(audit_log: AuditLog) -> Path:
    return tampering.files(audit_log, "manifest.json")[0]


@pytest.mark.either
@pytest.mark.usefixtures("only_a_folder")  # which has times of writing
def test_a_file_with_a_manifest_is_not_written_again(described: AuditLog) -> None:
    file = tampering.files(described)[0]
    part = find_manifest(described).with_suffix(".json.part")
    part.hardlink_to(find_manifest(described))
    written = file.stat().st_mtime_ns
    described.archive()
    assert file.stat().st_mtime_ns == written
    assert described.live_lines(CHANGES) == []
    assert described.count_findings() == {}
    assert not part.exists()


@pytest.mark.either
@pytest.mark.sampled
@pytest.mark.parametrize(
    "tamper",
    [
        tampering.delete_a_row,
        tampering.change_a_row,
        tampering.change_a_file,
        tampering.change_a_manifest,
        tampering.sign_a_manifest_again,
        tampering.make_manifest_a_list,
    ],
    ids=lambda tamper: tamper.__name__,
)
def test_a_file_of_another_branch_is_neither_replaced_nor_pruned(
    described: AuditLog, tamper: tampering.Tamper
) -> None:
    tamper(described)
    paths = [tampering.files(described)[0], find_manifest(described)]
    before = [path.read_bytes() for path in paths], described.live_lines(CHANGES)
    with pytest.raises(VerificationException, match="adopt"):
        described.archive()
    assert ([path.read_bytes() for path in paths], described.live_lines(CHANGES)) == (
        before
    )


@pytest.mark.either
def test_a_folder_of_the_release_before_is_claimed_with_an_unfinished_file(
    described: AuditLog,
) -> None:
    identity = described.directory / "identity.json"
    identity.unlink()
    described.archive()
    assert identity.exists()
    assert described.count_findings() == {}


def test_a_discarded_file_leaves_nothing(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends while it discards a file must not find it foreign later."""
    audit_log.fill(days=1)
    stop_at(audit_log, "started")
    monkeypatch.setattr(
        "app.audit.archive.run.archiver.FileRepository.delete_file", fail
    )
    hold_products(audit_log)
    with pytest.raises(OSError, match="on purpose"):
        audit_log.archive()
    monkeypatch.undo()
    assert tampering.files(audit_log) == []
    audit_log.archive()
    assert audit_log.count_findings() == {}


async def fail(*_: object) -> None:
    raise OSError("on purpose")
