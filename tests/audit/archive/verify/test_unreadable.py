"""Values that only SQLite stores are named, and do not stop the verification."""

import pytest
from sqlalchemy import text

from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify.tampering import execute

VALUES = [
    ("audit_change", "id", "request_id = 'request-0'"),
    ("audit_change", "entity_id", "request_id = 'request-0'"),
    ("audit_seal", "first_at", "number = 1"),
    ("audit_seal", "leaves", "number = 1"),
]


@pytest.fixture(autouse=True)
def only_on_sqlite(audit_log: AuditLog) -> None:
    if audit_log.settings.DATABASE_URL.startswith("postgresql"):
        pytest.skip("PostgreSQL rejects such values")


def spoil(audit_log: AuditLog, table: str, column: str, where: str) -> None:
    statement = f"UPDATE {table} SET {column} = 'x' WHERE {where}"  # noqa: S608
    execute(audit_log, text(statement))


@pytest.mark.parametrize(("table", "column", "where"), VALUES)
def test_an_unreadable_value_is_named(
    audit_log: AuditLog, table: str, column: str, where: str
) -> None:
    audit_log.fill(days=1)
    audit_log.seal()
    spoil(audit_log, table, column, where)
    findings = audit_log.verify().findings
    (finding,) = (each for each in findings if each.kind == "value_unreadable")
    assert f"in {table}: {column} is unreadable" in finding.detail


def test_the_rows_of_the_other_log_are_compared(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    audit_log.seal()
    spoil(audit_log, *VALUES[1])
    execute(audit_log, text("UPDATE audit_access SET path = '/x' WHERE status = 200"))
    assert audit_log.count_findings() == {"value_unreadable": 1, "row_modified": 5}


def test_a_run_leaves_an_unreadable_value_to_verify(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    spoil(audit_log, *VALUES[1])
    done = command(audit_log, "run", *KEEP, "--yes")
    assert (done.code, done.errors) == (0, "")
    done = command(audit_log, "verify")
    assert done.code == 4
    assert "entity_id is unreadable" in done.output
