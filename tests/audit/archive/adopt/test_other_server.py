"""A backup of one PostgreSQL server, restored on another one with lower numbers."""

import pytest
from sqlalchemy import text

from app.audit.archive.logs import ACCESSES, CHANGES
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.commands import command
from tests.audit.archive.rows import AuditLog, make_accesses, make_changes
from tests.audit.archive.verify.tampering import execute

pytestmark = pytest.mark.slow

# On SQLite these numbers are beyond every clock.
AHEAD = 10**16
TABLES = ("audit_change", "audit_access", "audit_seal")


def move_to_other_server(audit_log: AuditLog) -> None:
    shift = "SET transaction_id = transaction_id + "
    tables = TABLES if audit_log.seals() else TABLES[:2]
    execute(audit_log, *(text(f"UPDATE {each} {shift}{AHEAD}") for each in tables))


@pytest.mark.parametrize("sealed", [pytest.param(0, marks=pytest.mark.heavy), 2])
def test_rows_that_the_lost_server_had_not_sealed_are_adopted(
    audit_log: AuditLog, sealed: int
) -> None:
    if sealed:
        audit_log.fill(days=sealed)
        audit_log.seal()
    audit_log.add(CHANGES, make_changes(days=3)[6 * sealed :])
    audit_log.add(ACCESSES, make_accesses(days=3)[4 * sealed :])
    move_to_other_server(audit_log)
    rows = 10 * (3 - sealed)
    assert audit_log.count_findings() == {FindingKind.EXTRA: rows}

    shown = command(audit_log, "adopt", "--dry-run")
    assert (shown.code, "of another server" in shown.output) == (0, True)
    assert audit_log.count_findings() == {FindingKind.EXTRA: rows}
    assert command(audit_log, "adopt", "--yes").code == 0
    assert audit_log.count_findings() == {}
    again = command(audit_log, "adopt", "--yes").output
    assert again == "Every file is recorded: nothing to adopt.\n"

    audit_log.add(CHANGES, make_changes(days=4)[18:])
    audit_log.seal()
    audit_log.archive()
    assert audit_log.count_findings() == {}
    archived = [line for line in audit_log.lines(CHANGES) if b"request-" in line]
    assert len(archived) == 24
