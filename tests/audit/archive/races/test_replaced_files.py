"""Files of the archive that others replace between two reads of them."""

import gzip
from pathlib import Path

import pytest

from app.audit.archive.adopt.adopter import Adopter
from app.audit.archive.canonical import encode_row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import CHANGES
from app.audit.archive.progress import Progress
from app.audit.archive.run.pruner import Pruner
from app.audit.archive.search.fetcher import Fetcher
from app.audit.archive.store.folder import FolderStore
from app.audit.archive.store.store import Store
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.adopt.restored import restore_backup
from tests.audit.archive.races.meanwhile import Meanwhile
from tests.audit.archive.rows import ALL, OLD, AuditLog, CallAtStep, make_change
from tests.audit.archive.verify import tampering
from tests.databases import Template

pytestmark = pytest.mark.slow


def replace_by(audit_log: AuditLog, lines: list[bytes]) -> None:
    """Replace the first file by one of other rows."""
    content = b"".join(line + b"\n" for line in lines)
    tampering.files(audit_log)[0].write_bytes(gzip.compress(content))


def test_a_run_deletes_the_rows_that_it_has_compared(
    audit_log: AuditLog, meanwhile: Meanwhile
) -> None:
    """And no others, which the file names when they are deleted."""
    audit_log.fill()
    recent = audit_log.live_lines(CHANGES)[-12:]
    meanwhile.before(Pruner, "prune_file", lambda: replace_by(audit_log, recent))
    audit_log.archive()
    assert set(recent) <= set(audit_log.live_lines(CHANGES))


def test_a_resumed_run_deletes_the_rows_that_were_recorded(
    audit_log: AuditLog, meanwhile: Meanwhile
) -> None:
    audit_log.fill()
    recent = audit_log.live_lines(CHANGES)[-12:]
    audit_log.progress = CallAtStep("verified", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        audit_log.archive()
    audit_log.progress = Progress()
    meanwhile.after(Store, "hash_file", lambda: replace_by(audit_log, recent))
    with pytest.raises(VerificationException, match="not as recorded"):
        audit_log.archive()
    assert set(recent) <= set(audit_log.live_lines(CHANGES))


@pytest.mark.parametrize("is_shorter", [False, True])
def test_adopt_seals_the_rows_that_it_has_compared(
    audit_log: AuditLog, template: Template, meanwhile: Meanwhile, is_shorter: bool
) -> None:
    """A file may also end after the first of its batches."""
    with restore_backup(audit_log, template) as restored:
        kept = tampering.files(audit_log)[2]
        original = kept.read_bytes()
        rows = [encode_row(make_change(OLD, number)) for number in range(100, 106)]
        if is_shorter:
            rows = gzip.decompress(original).splitlines()[:5]
        content = b"".join(line + b"\n" for line in rows)

        def replace() -> None:
            kept.write_bytes(gzip.compress(content))

        meanwhile.before(Adopter, "share_identity", replace)
        with pytest.raises(VerificationException, match="replaced after it was comp"):
            restored.adopt()
        # What is sealed by then are rows of the first batch, which are in the file.
        assert is_shorter or FindingKind.MISSING not in restored.count_findings()
        kept.write_bytes(original)
        restored.adopt()
        assert restored.count_findings() == {}


def test_a_restore_of_a_file_that_is_replaced_fails(
    archived: AuditLog, meanwhile: Meanwhile
) -> None:
    forged = [encode_row(make_change(OLD, number)) for number in range(100, 106)]
    meanwhile.after(Store, "hash_file", lambda: replace_by(archived, forged))
    with pytest.raises(VerificationException, match="not as recorded"):
        archived.restore()


def test_no_file_is_fetched_that_is_replaced(
    archived: AuditLog, tmp_path: Path, meanwhile: Meanwhile
) -> None:
    """Nor does it get the name of one in the folder that programs read."""

    async def fetch(context: ArchiveContext) -> list[str]:
        return await Fetcher(context, FolderStore(tmp_path)).fetch(CHANGES, ALL)

    kept = tampering.files(archived)[0].read_bytes()
    meanwhile.before(FolderStore, "open_atomic", lambda: replace_by(archived, [b"{}"]))
    assert len(archived.run(fetch)) == 6
    assert len([*(tmp_path / "changes").rglob("*.jsonl.gz")]) == 6
    tampering.files(archived)[0].write_bytes(kept)
    assert len(archived.run(fetch)) == 7
