"""Work on a log that is written all the time ends at the rows of its beginning."""

from typing import Any

from app.audit.archive.logs import CHANGES
from app.audit.archive.seals.sealer import Sealer
from app.audit.export.repository import ExportRepository
from app.core.clock import now
from tests.audit.archive.export.exporting import export, ids
from tests.audit.archive.races.meanwhile import Meanwhile
from tests.audit.archive.rows import AuditLog, make_change

WRITES = 5


def write_after_each(
    audit_log: AuditLog, meanwhile: Meanwhile, owner: Any, name: str
) -> None:
    numbers = iter(range(100, 100 + WRITES))

    def write() -> None:
        if number := next(numbers, None):
            audit_log.add(CHANGES, [make_change(now(), number)])
            meanwhile.after(owner, name, write)

    meanwhile.after(owner, name, write)


def test_a_log_that_grows_does_not_keep_the_other_one_from_being_sealed(
    audit_log: AuditLog, meanwhile: Meanwhile
) -> None:
    """Nor is each of its rows sealed alone."""
    audit_log.fill()
    write_after_each(audit_log, meanwhile, Sealer, "seal_batch")
    assert audit_log.seal() == 100
    assert sorted(seal.count for seal in audit_log.seals()) == [40, 60]


def test_an_export_ends(audit_log: AuditLog, meanwhile: Meanwhile) -> None:
    audit_log.fill()
    write_after_each(audit_log, meanwhile, ExportRepository, "read_settled")
    assert len(ids(export(audit_log, "jsonl", "changes"))) == 60
