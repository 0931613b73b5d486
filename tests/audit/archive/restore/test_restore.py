"""A restore makes the restored rows equal to the archived ones, and counts repairs."""

import pytest
from sqlalchemy import update

from app.audit.archive.logs import ACCESSES, CHANGES, LOGS, Log
from tests.audit.archive.commands import command
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import OLD, AuditLog, make_access, make_change
from tests.audit.archive.verify.tampering import execute

pytestmark = [both_places, pytest.mark.slow]

MAKE = {CHANGES: make_change, ACCESSES: make_access}


@pytest.fixture
def restored(audit_log: AuditLog) -> AuditLog:
    audit_log.fill(days=3)
    audit_log.archive()
    audit_log.restore()
    return audit_log


@pytest.mark.sampled
@pytest.mark.parametrize("log", LOGS.values(), ids=lambda log: log.name)
def test_rows_that_differ_are_replaced_and_counted(
    restored: AuditLog, log: Log
) -> None:
    before = restored.rows(log, restored=True)
    table = log.restored
    changed, moved = before[3]["id"], before[5]["id"]
    execute(
        restored,
        update(table).where(table.c.id == changed).values(request_id="forged"),
        update(table).where(table.c.id == moved).values(at=OLD.replace(year=1999)),
        table.insert().values(MAKE[log](OLD, 1_000)),
    )
    assert restored.count_findings() == {"row_modified": 2, "row_extra": 1}
    found = command(restored, "verify").output
    assert f"row_modified {changed}: in {table.name}: not as it was sealed" in found
    (note,) = restored.restore()[log.name].notes
    assert note == (
        f"{table.name} had rows that were not as archived: 2 replaced, 1 deleted."
    )
    assert restored.rows(log, restored=True) == before
    assert restored.count_findings() == {}
    assert restored.restore()[log.name].notes == []
