"""Rows that no release has written are sealed, archived, verified and read as well."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.audit.archive.logs import CHANGES
from app.core.db.json_text import INVALID_JSON
from tests.audit.archive.rows import OLD, AuditLog, make_change
from tests.audit.archive.verify.tampering import execute
from tests.databases import make_settings

pytestmark = pytest.mark.slow

# JSON that PostgreSQL stores as well, and text that only SQLite takes for JSON.
DOCUMENTS = [
    '{"stock": 99999999999999999999}',
    '{"stock": -1e400}',
    '{"text": "\\ud800"}',
    "[1, 2]",
    '"text"',
    "1",
    "null",
]
SPOILT = ['{"stock": NaN}', "{", "", "[" * 5_000]


def set_document(audit_log: AuditLog, document: str) -> None:
    """Replace the new values of one row past the application."""
    row = audit_log.rows(CHANGES)[0]
    cast = "CAST(:text AS json)" if on_postgresql(audit_log) else ":text"
    query = f"UPDATE audit_change SET new = {cast} WHERE request_id = :id"  # noqa: S608
    values = {"text": document, "id": row["request_id"]}
    execute(audit_log, text(query).bindparams(**values))


def on_postgresql(audit_log: AuditLog) -> bool:
    return audit_log.settings.DATABASE_URL.startswith("postgresql")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("document", DOCUMENTS + SPOILT, ids=lambda text: text[:12])
def test_any_document_is_sealed_and_archived(
    audit_log: AuditLog, document: str
) -> None:
    audit_log.add(CHANGES, [make_change(OLD, 0), make_change(OLD, 1)])
    if document in SPOILT and on_postgresql(audit_log):
        with pytest.raises(DBAPIError):
            set_document(audit_log, document)
        return
    set_document(audit_log, document)
    assert audit_log.seal() == 2
    # NULL and null have the same leaf: both are shown as null.
    found = {"value_unreadable": 1} if document == "null" else {}
    assert audit_log.count_findings() == found
    assert audit_log.archive()["changes"].rows == 2
    assert audit_log.count_findings() == {}
    assert audit_log.restore()["changes"].rows == 2
    assert audit_log.count_findings() == {}
    assert audit_log.restore()["changes"].notes == []


def test_a_changed_document_is_reported(audit_log: AuditLog) -> None:
    """Numbers that differ only beyond 64 bits are different rows."""
    audit_log.add(CHANGES, [make_change(OLD, 0)])
    set_document(audit_log, '{"stock": 99999999999999999999}')
    audit_log.seal()
    set_document(audit_log, '{"stock": 99999999999999999998}')
    assert [*audit_log.count_findings()] == ["row_modified"]


def test_the_api_shows_a_document_that_is_no_object(
    client: TestClient, url: str, audit_log: AuditLog
) -> None:
    audit_log = AuditLog(make_settings(url), audit_log.directory)
    audit_log.add(CHANGES, [make_change(OLD, 0)])
    set_document(audit_log, "[1, 2]")
    answer = client.get("audit/changes?entity=Product")
    assert answer.status_code == 200
    (change,) = answer.json()["items"]
    assert change["new"].keys() == {INVALID_JSON}
