"""No value of a row stops the sealing, a run or the verification."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from app.audit.archive.logs import CHANGES
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import AuditLog, make_changes
from tests.audit.archive.verify.tampering import execute

pytestmark = pytest.mark.slow

OK: dict[str, int] = {}
UNREADABLE = {"value_unreadable": 1}
NEVER_SEALED = {"row_extra": 1}
ONLY_SQLITE = [
    ("actor_label", "CAST(x'ff' AS TEXT)", OK),
    ("actor_label", "x'ff'", OK),
    ("new", "CAST(x'ff' AS TEXT)", OK),
    ("new", "x'ff'", OK),
    ("entity_id", "'x'", UNREADABLE),
    ("id", "x'00'", UNREADABLE),
    ("id", "'x'", UNREADABLE),
    ("at", "''", UNREADABLE),
    ("at", "5", UNREADABLE),
    ("at", "'20000-01-01 00:00:00'", UNREADABLE),
    ("at", "'2026-02-30 00:00:00.000000'", UNREADABLE),
    ("at", "substr(at, 1, 10)", UNREADABLE),
    ("at", "at || '+05:00'", UNREADABLE),
    ("transaction_id", "7258118399999999", NEVER_SEALED),
    ("transaction_id", "'x'", UNREADABLE),
    ("transaction_id", "1.5", UNREADABLE),
]
ONLY_POSTGRESQL = [
    ("at", "'infinity'", UNREADABLE),
    ("at", "'-infinity'", UNREADABLE),
    ("at", "'20000-01-01'", UNREADABLE),
    ("at", "'0044-03-15 BC'", UNREADABLE),
]


def cases(engine: str, values: list[tuple[str, str, dict[str, int]]]) -> Iterator[Any]:
    """Yield parameters; a value with the findings of an earlier one is heavy."""
    for number, (*value, found) in enumerate(values):
        is_repeated = any(each[-1] == found for each in values[:number])
        marks = [pytest.mark.heavy] * is_repeated
        yield pytest.param(engine, *value, found, marks=marks)


VALUES = [*cases("sqlite", ONLY_SQLITE), *cases("postgresql", ONLY_POSTGRESQL)]


@pytest.mark.parametrize(("engine", "column", "value", "found"), VALUES)
def test_one_value_stops_nothing(
    audit_log: AuditLog, engine: str, column: str, value: str, found: dict[str, int]
) -> None:
    if not audit_log.settings.DATABASE_URL.startswith(engine):
        pytest.skip(f"only {engine} stores it")
    changes = make_changes(days=2)
    audit_log.add(CHANGES, changes[:6])
    row = f"UPDATE audit_change SET {column} = {value} WHERE request_id = 'request-2'"  # noqa: S608
    execute(audit_log, text(row))
    audit_log.seal()
    audit_log.add(CHANGES, changes[6:])
    assert audit_log.seal() == 6
    assert audit_log.count_findings() == found
    assert audit_log.archive()["changes"].rows >= 11
    assert audit_log.count_findings() == found


@pytest.mark.parametrize(
    ("engine", "value"), [("sqlite", "5"), ("postgresql", "'infinity'")]
)
def test_a_row_without_a_time_is_sealed_by_its_bytes(
    audit_log: AuditLog, engine: str, value: str
) -> None:
    if not audit_log.settings.DATABASE_URL.startswith(engine):
        pytest.skip(f"only {engine} stores it")
    audit_log.add(CHANGES, make_changes(days=1))
    own = "WHERE request_id = 'request-2'"
    execute(audit_log, text(f"UPDATE audit_change SET at = {value} {own}"))  # noqa: S608
    assert audit_log.seal() == 6
    execute(audit_log, text(f"UPDATE audit_change SET reason = 'x' {own}"))  # noqa: S608
    assert audit_log.count_findings() == {"row_modified": 1, "value_unreadable": 1}
    execute(audit_log, text(f"DELETE FROM audit_change {own}"))  # noqa: S608
    assert audit_log.count_findings() == {"row_missing": 1}


RESPELLED = [
    ("entity_id", "'{' || entity_id || '}'"),
    ("entity_id", "'0x' || substr(entity_id, 3)"),
    ("actor_id", "'urn:uuid:' || actor_id"),
    ("at", "at || '+05:00'"),
    ("at", "replace(at, ' ', 'T')"),
]


@pytest.mark.sampled
@pytest.mark.parametrize(("column", "value"), RESPELLED)
def test_a_sealed_value_in_another_spelling_is_reported(
    audit_log: AuditLog, column: str, value: str
) -> None:
    if audit_log.settings.DATABASE_URL.startswith("postgresql"):
        pytest.skip("PostgreSQL has one spelling")
    audit_log.add(CHANGES, make_changes(days=1))
    audit_log.seal()
    row = f"UPDATE audit_change SET {column} = {value} WHERE request_id = 'request-2'"  # noqa: S608
    execute(audit_log, text(row))
    assert audit_log.count_findings() == {"row_modified": 1, "value_unreadable": 1}


SEALS = [
    ("audit_seal", "sealed_at"),
    ("audit_seal", "first_at"),
    ("audit_seal", "last_at"),
    ("audit_key", "created_at"),
    ("audit_seal", "first_id"),
    ("audit_seal", "last_id"),
    ("audit_seal", "transaction_row_id"),
]


@pytest.mark.sampled
@pytest.mark.parametrize(("table", "column"), SEALS)
def test_a_value_of_the_newest_seal_does_not_stop_the_sealing(
    audit_log: AuditLog, table: str, column: str
) -> None:
    on_postgresql = audit_log.settings.DATABASE_URL.startswith("postgresql")
    if on_postgresql and column.endswith("_id"):
        pytest.skip("PostgreSQL stores ids only")
    changes = make_changes(days=2)
    audit_log.add(CHANGES, changes[:6])
    audit_log.seal()
    value = "'20000-01-01'" if on_postgresql else "'x'"
    execute(audit_log, text(f"UPDATE {table} SET {column} = {value}"))  # noqa: S608
    audit_log.add(CHANGES, changes[6:])
    assert audit_log.seal() >= 6
    assert "value_unreadable" in audit_log.count_findings()


@pytest.mark.sampled
@pytest.mark.parametrize("column", ["sealed_at", "first_at", "last_at"])
def test_a_command_that_needs_a_damaged_seal_names_it(
    audit_log: AuditLog, column: str
) -> None:
    on_postgresql = audit_log.settings.DATABASE_URL.startswith("postgresql")
    audit_log.fill(days=1)
    audit_log.seal()
    value = "'20000-01-01'" if on_postgresql else "'x'"
    execute(audit_log, text(f"UPDATE audit_seal SET {column} = {value}"))  # noqa: S608
    for words in (("run", *KEEP, "--yes"), ("query", "--entity", "Product")):
        done = command(audit_log, *words)
        assert done.code in (0, 4)
        assert "Traceback" not in done.errors
        assert done.code == 0 or f"{column} of the row" in done.errors
    assert f"{column} is unreadable" in command(audit_log, "verify").output
