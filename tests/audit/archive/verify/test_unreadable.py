"""Values that only SQLite stores are named, and do not stop the verification."""

import pytest
from sqlalchemy import text

from app.audit.archive.logs import CHANGES
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import AuditLog, make_changes
from tests.audit.archive.verify.tampering import execute

pytestmark = pytest.mark.slow

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
    assert finding.detail == f"in {table}: {column} is unreadable"


def test_the_rows_of_the_other_log_are_compared(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    audit_log.seal()
    spoil(audit_log, *VALUES[1])
    execute(audit_log, text("UPDATE audit_access SET path = '/x' WHERE status = 200"))
    assert audit_log.count_findings() == {"value_unreadable": 1, "row_modified": 5}


@pytest.mark.sampled
@pytest.mark.parametrize("column", ["first_at", "last_id", "sealed_at"])
def test_the_other_seals_are_compared(audit_log: AuditLog, column: str) -> None:
    changes = make_changes(days=2)
    for part in (changes[:6], changes[6:]):
        audit_log.add(CHANGES, part)
        audit_log.seal()
    spoil(audit_log, "audit_seal", column, "number = 1")
    reason = "UPDATE audit_change SET reason = 'x' WHERE request_id = 'request-9'"
    execute(audit_log, text(reason))
    counts = audit_log.count_findings()
    assert (counts[FindingKind.UNREADABLE], counts[FindingKind.MODIFIED]) == (1, 1)
    assert {FindingKind.SEAL_MISSING, FindingKind.EXTRA} <= counts.keys()


def test_the_other_files_are_compared(archived: AuditLog) -> None:
    spoil(archived, "audit_archive", "started_at", "log = 'changes' AND sequence = 2")
    counts = archived.count_findings()
    assert {*counts} == {
        "value_unreadable",
        "file_extra",
        "manifest_changed",
        "row_missing",
    }


def test_a_run_names_an_unreadable_value_that_it_leaves(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    spoil(audit_log, *VALUES[1])
    done = command(audit_log, "run", *KEEP, "--yes")
    assert (done.code, done.output.splitlines()[0][:14]) == (4, "changes: 5 row")
    assert "entity_id of the row" in done.errors
    done = command(audit_log, "verify")
    assert done.code == 4
    assert "entity_id is unreadable" in done.output
