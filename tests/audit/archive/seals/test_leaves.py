"""Rows that are stored differently have different leaves, and are restored as such."""

import orjson
import pytest
from sqlalchemy import text

from app.audit.archive.logs import ACCESSES, CHANGES
from tests.audit.archive.rows import OLD, AuditLog, make_access, make_change
from tests.audit.archive.verify.tampering import execute

pytestmark = pytest.mark.slow

BOTH = {
    "new": [
        '\'{"invalid_json": "{"}\'',
        '\'{"stock": 1, "stock": 2}\'',
        """'{"invalid_json": "{\\"stock\\": 1, \\"stock\\": 2}"}'""",
        "'{\"stock\": 99999999999999999999}'",
        """'"{\\"stock\\": 99999999999999999999}"'""",
        """'{"as_stored": "{\\"stock\\": 99999999999999999999}"}'""",
        '\'{"name": "\\udcff"}\'',
        """'"{\\"name\\": \\"\\\\udcff\\"}"'""",
        '\'{"deep": ' + "[" * 300 + "]" * 300 + "}'",
        "'1e400'",
    ],
    "duration_ms": ["1.5"],
}
SQLITE = {
    "new": [
        "'{'",
        "x'7b'",
        "CAST(x'7b226e616d65223a2022ff227d' AS TEXT)",
        "CAST(x'ff' AS TEXT)",
        "x'ff'",
        "'b''\\xff'''",
        "'bytes ff'",
    ],
    "reason": [
        "CAST(x'ff' AS TEXT)",
        "x'ff'",
        "x''",
        "''",
        "'\"\\udcff\"'",
        '\'{"as_stored": "bytes ff"}\'',
        "'bytes ff'",
    ],
    "duration_ms": ["9e999", "-9e999", "'x'", "x'ff'"],
}
POSTGRESQL = {"duration_ms": ["'Infinity'", "'-Infinity'", "'NaN'"]}


@pytest.mark.parametrize("column", ["new", "reason", "duration_ms"])
def test_values_that_differ_have_other_leaves(audit_log: AuditLog, column: str) -> None:
    is_postgresql = audit_log.settings.DATABASE_URL.startswith("postgresql")
    own = POSTGRESQL if is_postgresql else SQLITE
    values = BOTH.get(column, []) + own.get(column, [])
    if not values:
        pytest.skip("PostgreSQL stores only text there")
    log, make = (CHANGES, make_change)
    if column == "duration_ms":
        log, make = ACCESSES, make_access
    audit_log.add(log, [make(OLD, number) for number in range(len(values))])
    cast = "::json" if is_postgresql and column == "new" else ""
    for number, value in enumerate(values):
        literal = value.replace(":", "\\:") + cast
        row = f"SET {column} = {literal} WHERE request_id = 'request-{number}'"
        execute(audit_log, text(f"UPDATE {log.live.name} {row}"))
    audit_log.seal()
    assert audit_log.archive()[log.name].rows == len(values)
    written = {str(orjson.loads(line).get(column)) for line in audit_log.lines(log)}
    assert len(written) == len(values)
    assert audit_log.count_findings() == {}
    audit_log.restore()
    assert audit_log.count_findings() == {}
    assert audit_log.restore()[log.name].notes == []
