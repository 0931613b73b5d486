"""Guarantees of the schema: triggers, CHECK constraints and search indexes of tables.

A table declares its triggers and its search index in `Table.info`; its CHECK
constraints are in the metadata as everywhere. This is the only list of them: migrations
recreate from it, and the start, `alembic check` and the consistency check compare the
database with it. A partition must have its table's triggers too: those do not fire for
statements on it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from sqlalchemy import CheckConstraint, MetaData, Table

# A key of `CheckConstraint.info`: the constraint as PostgreSQL spells it.
STORED = "postgresql"
# Keys of `Table.info`; the values are by the dialect's name.
TRIGGERS = "triggers"
SEARCH_INDEX = "search index"


@dataclass(frozen=True)
class Function:
    """A trigger's function (PostgreSQL), spelled as `pg_get_functiondef` does."""

    name: str
    create: str


@dataclass(frozen=True)
class Trigger:
    """A trigger, spelled as the database stores it."""

    name: str
    table: str
    create: str
    function: Function | None = None
    partition_of: str | None = None
    fills: str | None = None  # a table: that of a search index
    kind: ClassVar = "trigger"

    def __str__(self) -> str:
        return f"The trigger {self.name} on {self.table}"

    @property
    def declared_by(self) -> str:
        """Return the table that declares this trigger."""
        return self.partition_of or self.table

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table, self.fills) if self.fills else (self.table,)

    def on_partition(self, partition: str) -> "Trigger":
        """Return this trigger for a partition of its table."""
        name, create = (
            each.replace(self.table, partition) for each in (self.name, self.create)
        )
        return replace(
            self, name=name, table=partition, create=create, partition_of=self.table
        )


@dataclass(frozen=True)
class Check:
    """A named CHECK constraint."""

    name: str
    table: str
    condition: str
    stored: str | None = None  # as PostgreSQL's pg_get_constraintdef() spells it

    def __str__(self) -> str:
        return f"The constraint {self.name} on {self.table}"

    @property
    def declared_by(self) -> str:
        return self.table

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table,)


@dataclass(frozen=True)
class SearchIndex:
    """A search index, and the statements that create it, also in place of another."""

    name: str
    table: str
    kind: str  # of its name: a table or an index
    create: tuple[str, ...]

    def __str__(self) -> str:
        return f"The search index {self.name} on {self.table}"

    @property
    def declared_by(self) -> str:
        return self.table

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table, self.name)


Guarantee = Trigger | Check | SearchIndex
TriggersByDialect = Mapping[str, tuple[Trigger, ...]]


def declared_guarantees(
    metadata: MetaData, dialect: str, partitions: Mapping[str, str]
) -> list[Guarantee]:
    """Return the guarantees of all tables and partitions. Constraints come first.

    To add a constraint, SQLite has to copy the table, which drops its triggers.
    `partitions` maps the name of each partition to that of its table.
    """
    tables = metadata.tables.values()
    checks = [check for table in tables for check in table_checks(table)]
    triggers = [each for table in tables for each in table_triggers(table, dialect)]
    copies = [
        trigger.on_partition(partition)
        for partition, table in partitions.items()
        for trigger in triggers
        if trigger.table == table
    ]
    indexes = [it for table in tables if (it := search_index(table, dialect))]
    return [*checks, *indexes, *triggers, *copies]


def table_checks(table: Table) -> Iterator[Check]:
    for each in table.constraints:
        if isinstance(each, CheckConstraint) and isinstance(each.name, str):
            # The name is complete only after the naming convention was applied.
            prefix = f"ck_{table.name}_"
            name = prefix + each.name.removeprefix(prefix)
            yield Check(name, table.name, str(each.sqltext), each.info.get(STORED))


def search_index(table: Table, dialect: str) -> SearchIndex | None:
    by_dialect: Mapping[str, SearchIndex] = table.info.get(SEARCH_INDEX, {})
    return by_dialect.get(dialect)


def table_triggers(table: Table, dialect: str) -> tuple[Trigger, ...]:
    by_dialect: TriggersByDialect = table.info.get(TRIGGERS, {})
    return by_dialect.get(dialect, ())
