"""A run names the rows that it passes over because of a value."""

import pytest
from sqlalchemy import text

from app.audit.archive.logs import ACCESSES, CHANGES, Log
from app.core.clock import now
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import OLD, AuditLog, make_access, make_change
from tests.audit.archive.verify.tampering import execute

SQLITE = ["'x'", "5", "x'ff'", "substr(at, 1, 10)", "''"]
POSTGRESQL = ["'infinity'", "'-infinity'", "'20000-01-01'", "'0044-03-15 BC'"]


@pytest.mark.slow
@pytest.mark.parametrize("log", [CHANGES, ACCESSES], ids=lambda log: log.name.value)
def test_a_row_of_no_day_is_named(audit_log: AuditLog, log: Log) -> None:
    on_postgresql = audit_log.settings.DATABASE_URL.startswith("postgresql")
    values = POSTGRESQL if on_postgresql else SQLITE
    make = make_change if log is CHANGES else make_access
    rows = [make(OLD, number) for number in range(len(values) + 1)]
    audit_log.add(log, rows)
    for number, value in enumerate(values):
        row = f"SET at = {value} WHERE request_id = 'request-{number}'"
        execute(audit_log, text(f"UPDATE {log.live.name} {row}"))
    (done, other) = sorted(audit_log.archive().values(), key=lambda each: -each.rows)
    assert (done.rows, other.damage) == (1, [])
    ids = {str(row["id"]) if on_postgresql else row["id"].hex for row in rows[:-1]}
    name = log.live.name
    assert {*done.damage} == {
        f"at of the row {id} of {name} cannot be read" for id in ids
    }


@pytest.mark.slow
def test_a_row_that_is_not_due_is_not_named(audit_log: AuditLog) -> None:
    if audit_log.settings.DATABASE_URL.startswith("postgresql"):
        pytest.skip("PostgreSQL stores ids only")
    audit_log.add(CHANGES, [make_change(now(), 1)])
    execute(audit_log, text("UPDATE audit_change SET entity_id = 'x'"))
    assert command(audit_log, "run", *KEEP, "--yes").code == 0
    assert audit_log.count_findings() == {"value_unreadable": 1}
