"""Comparison of the database's guarantees with the declared ones.

One statement per comparison. The SQL is compared without regard to white space and
identifier quotes, which SQLite adds when a table is renamed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, MetaData

from app.core.db.guarantees.definitions import (
    Check,
    Guarantee,
    SearchIndex,
    Trigger,
    declared_guarantees,
)
from app.core.db.guarantees.queries import STATEMENTS

DIFFERS = "differs from the code"
# What changes or hides the rows of a table.
INTERFERING = ("trigger", "rule", "row-level security")
Found = Mapping[tuple[str, str], Any]


class SchemaComparison:
    """The declared guarantees, and what the database has of them."""

    def __init__(self, connection: Connection, metadata: MetaData) -> None:
        dialect = connection.dialect.name
        self.rows = connection.execute(STATEMENTS[dialect]).all()
        self.found: Found = {(row.kind, row.name): row for row in self.rows}
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

    def unknown(self) -> Iterator[str]:
        """Yield a sentence for each other trigger, or the like, on a guarded table.

        One before INSERT could change what is recorded, or drop it.
        """
        triggers = [it for it in self.declared if isinstance(it, Trigger)]
        known = {(it.table, it.name) for it in triggers}
        guarded = {it.table for it in triggers if not it.fills}
        for row in self.rows:
            is_known = (row.on_table, row.name) in known or row.kind not in INTERFERING
            if row.on_table in guarded and not is_known:
                name = "" if row.name == row.on_table else f" {row.name}"
                yield f"The {row.kind}{name} on {row.on_table} is not in the code"

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
    comparison = SchemaComparison(connection, metadata)
    faults = [f"{guarantee} {fault}" for guarantee, fault in comparison.faults()]
    return [*faults, *comparison.unknown()]
