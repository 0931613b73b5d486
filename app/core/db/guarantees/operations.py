"""Alembic operation `op.restore_guarantees()`, also for autogenerate and `check`.

alembic/env.py imports this module, which makes the operation available to migrations:
they must not import the application.
"""

from collections.abc import Iterable
from typing import Any

from alembic.autogenerate import comparators, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import UpgradeOps
from sqlalchemy import MetaData
from sqlmodel import SQLModel

from app.core.db.guarantees.comparison import SchemaComparison
from app.core.db.guarantees.definitions import (
    TRIGGERS,
    Check,
    Trigger,
    table_checks,
)
from app.core.db.guarantees.search_index import OURS, create_search_index
from app.core.db.guarantees.triggers import create_trigger, write_triggers


@Operations.register_operation("restore_guarantees")
class RestoreGuaranteesOp(MigrateOperation):
    """Recreate a table's triggers and CHECK constraints where they are not in force."""

    def __init__(self, table: str, faults: Iterable[str] = ()) -> None:
        self.table, self.faults = table, tuple(faults)

    @classmethod
    def restore_guarantees(cls, operations: Operations, table: str) -> None:
        """Call this after `op.batch_alter_table(table)`, which copies the table."""
        operations.invoke(cls(table))

    def reverse(self) -> "RestoreGuaranteesOp":
        return RestoreGuaranteesOp(self.table)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("restore_guarantees", self.table, *self.faults)


@Operations.implementation_for(RestoreGuaranteesOp)
def restore(operations: Operations, op: RestoreGuaranteesOp) -> None:
    if operations.get_context().as_sql:
        create_search_index(operations, op.table)
        write_triggers(operations, op.table)
        return
    comparison = SchemaComparison(operations.get_bind(), SQLModel.metadata)
    faults = [each for each, _ in comparison.faults() if comparison.has_table(each)]
    checks = [each for each in faults if isinstance(each, Check)]
    for check in checks:
        if check.table == op.table:
            with operations.batch_alter_table(op.table) as batch:
                if comparison.has_check(check):
                    batch.drop_constraint(batch.f(check.name), type_="check")
                batch.create_check_constraint(batch.f(check.name), check.condition)
    if checks:  # the copy of the table has no triggers
        comparison = SchemaComparison(operations.get_bind(), SQLModel.metadata)
    lost = [each for each, _ in comparison.faults() if each.declared_by == op.table]
    # A copy of the table has neither triggers nor the rows that the index refers to.
    if any(not isinstance(each, Check) for each in lost):
        create_search_index(operations, op.table)
    for each in lost:
        if isinstance(each, Trigger):
            create_trigger(operations, each)


def has_guarantees(name: str) -> bool:
    """Return whether a table declares triggers or named CHECK constraints."""
    table = SQLModel.metadata.tables.get(name)
    return table is not None and bool(
        table.info.get(TRIGGERS) or [*table_checks(table)]
    )


@renderers.dispatch_for(RestoreGuaranteesOp)
def render(_: AutogenContext, op: RestoreGuaranteesOp) -> str:
    return f'op.restore_guarantees("{op.table}"){OURS}'


@comparators.dispatch_for("schema")
def compare(context: AutogenContext, upgrade: UpgradeOps, _: Any) -> None:
    """Add an operation for each table with a guarantee that is not in force."""
    assert context.connection is not None  # noqa: S101  autogenerate is online only
    metadata = context.metadata
    assert isinstance(metadata, MetaData)  # noqa: S101  env.py passes one
    by_table: dict[str, list[str]] = {}
    comparison = SchemaComparison(context.connection, metadata)
    for each, fault in comparison.faults():
        if ("table", each.table) in comparison.found:  # else it is created with its own
            by_table.setdefault(each.declared_by, []).append(f"{each} {fault}")
    upgrade.ops.extend(RestoreGuaranteesOp(*each) for each in by_table.items())
