"""Comparison of the database's guarantees with the declared ones.

One statement per comparison. The SQL is compared without regard to white space and
identifier quotes, which SQLite adds when a table is renamed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, MetaData, text

from app.core.db.guarantees.definitions import (
    Check,
    Guarantee,
    SearchIndex,
    Trigger,
    declared_guarantees,
)

SQLITE = text("""
SELECT type AS kind, name, sql AS definition, NULL AS function, 1 AS enabled
FROM sqlite_master WHERE type IN ('trigger', 'table')
""")
# `A` fires always, `D` never, `R` in sessions that apply replicated changes, `O` in all
# others: a role or database that is SET to be one of the former disables it.
POSTGRESQL = text(r"""
SELECT 'trigger' AS kind, t.tgname::text AS name,
    pg_get_triggerdef(t.oid, true) AS definition,
    replace(
        pg_get_functiondef(t.tgfoid),
        'FUNCTION ' || quote_ident(n.nspname) || '.', 'FUNCTION '
    ) AS function,
    t.tgenabled = 'A' OR t.tgenabled =
        CASE current_setting('session_replication_role')
        WHEN 'replica' THEN 'R'::"char" ELSE 'O'::"char" END AS enabled
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'check', conname::text, pg_get_constraintdef(oid, true), NULL, convalidated
FROM pg_constraint
WHERE contype = 'c' AND connamespace = current_schema()::regnamespace
UNION ALL
SELECT 'index', relname::text, NULL, NULL, indisvalid
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relname LIKE 'ix\_%\_search' AND relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'table', relname::text, NULL, NULL, true
FROM pg_class WHERE relkind IN ('r', 'p')
    AND relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'partition', c.relname::text, p.relname::text, NULL, true
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
JOIN pg_class p ON p.oid = inhparent
WHERE p.relkind = 'p' AND p.relnamespace = current_schema()::regnamespace
""")
STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
DIFFERS = "differs from the code"
Found = Mapping[tuple[str, str], Any]


class SchemaComparison:
    """The declared guarantees, and what the database has of them."""

    def __init__(self, connection: Connection, metadata: MetaData) -> None:
        dialect = connection.dialect.name
        rows = connection.execute(STATEMENTS[dialect])
        self.found: Found = {(row.kind, row.name): row for row in rows}
        partitions = {
            name: row.definition
            for (kind, name), row in self.found.items()
            if kind == "partition"
        }
        self.declared = declared_guarantees(metadata, dialect, partitions)

    def faults(self) -> Iterator[tuple[Guarantee, str]]:
        """Yield each guarantee that is not in force, with a clause that says why."""
        for guarantee in self.declared:
            if fault := self.find_fault(guarantee):
                yield guarantee, fault

    def in_force(self) -> set[Guarantee]:
        return {each for each in self.declared if not self.find_fault(each)}

    def has_table(self, guarantee: Guarantee) -> bool:
        return all(("table", name) in self.found for name in guarantee.tables)

    def find_fault(self, guarantee: Guarantee) -> str | None:
        if isinstance(guarantee, Check):
            return self.find_check_fault(guarantee)
        row = self.found.get((guarantee.kind, guarantee.name))
        if row is None:
            return "is missing"
        if not row.enabled:
            return "is disabled"
        if isinstance(guarantee, SearchIndex):
            return None
        return None if is_same(guarantee, row) else DIFFERS

    def find_check_fault(self, check: Check) -> str | None:
        if not self.has_check(check):
            return "is missing"
        if row := self.found.get(("check", check.name)):
            if not row.enabled:
                return "is not validated"
            stored = check.stored or row.definition
            is_same = normalise(stored) == normalise(row.definition)
        else:
            condition = f"CONSTRAINT {check.name} CHECK ({check.condition})"
            is_same = normalise(condition) in self.table_sql(check)
        return None if is_same else DIFFERS

    def has_check(self, check: Check) -> bool:
        constraint = f"CONSTRAINT {check.name} CHECK"
        return ("check", check.name) in self.found or constraint in self.table_sql(
            check
        )

    def table_sql(self, check: Check) -> str:
        """Return the table's definition, which only SQLite keeps."""
        table = self.found.get(("table", check.table))
        return normalise(table.definition) if table else ""


def is_same(trigger: Trigger, row: Any) -> bool:
    function = trigger.function.create if trigger.function else None
    return normalise(trigger.create) == normalise(row.definition) and (
        normalise(function) == normalise(row.function)
    )


def normalise(sql: str | None) -> str:
    return " ".join((sql or "").replace('"', "").split())


def find_faults(connection: Connection, metadata: MetaData) -> list[str]:
    """Return a sentence, without its full stop, for each guarantee not in force."""
    faults = SchemaComparison(connection, metadata).faults()
    return [f"{guarantee} {fault}" for guarantee, fault in faults]
