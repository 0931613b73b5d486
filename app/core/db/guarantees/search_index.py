"""Creation of search indexes, and the Alembic operation `op.drop_search_index()`."""

from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import DropTableOp
from sqlmodel import SQLModel

from app.core.db.derived.columns import SEARCH_TEXT
from app.core.db.guarantees.definitions import (
    Trigger,
    search_index,
    table_triggers,
)

# By the name of the searched table alone, which no model may have any more.
DROPS = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS {0}_search_insert",
        "DROP TRIGGER IF EXISTS {0}_search_update",
        "DROP TRIGGER IF EXISTS {0}_search_delete",
        "DROP TABLE IF EXISTS {0}_search",
    ),
    "postgresql": ("DROP INDEX IF EXISTS ix_{0}_search",),
}
OURS = "  # type: ignore[attr-defined]"  # alembic.op has its own operations only


def triggers_of(operations: Operations, name: str) -> tuple[Trigger, ...]:
    """Return the declared triggers; none if no model has the table any more."""
    table = SQLModel.metadata.tables.get(name)
    dialect = operations.get_context().dialect.name
    return () if table is None else table_triggers(table, dialect)


def create_search_index(operations: Operations, name: str) -> None:
    dialect = operations.get_context().dialect.name
    table = SQLModel.metadata.tables.get(name)
    index = None if table is None else search_index(table, dialect)
    for statement in index.create if index else ():
        operations.execute(statement)


@Operations.register_operation("drop_search_index")
class DropSearchIndexOp(MigrateOperation):
    """Drop a table's search index, and the triggers that fill it."""

    def __init__(self, table: str) -> None:
        self.table = table

    @classmethod
    def drop_search_index(cls, operations: Operations, table: str) -> None:
        """Call this before the table is dropped."""
        operations.invoke(cls(table))

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("drop_search_index", self.table)


@Operations.implementation_for(DropSearchIndexOp)
def drop(operations: Operations, op: DropSearchIndexOp) -> None:
    for statement in DROPS[operations.get_context().dialect.name]:
        operations.execute(statement.format(op.table))


@renderers.dispatch_for(DropSearchIndexOp)
def render_drop(_: AutogenContext, op: DropSearchIndexOp) -> str:
    return f'op.drop_search_index("{op.table}"){OURS}'


def drops_of(op: DropTableOp) -> list[MigrateOperation]:
    """Return the operation that has to precede the drop of a table, if it needs one."""
    found = SEARCH_TEXT in op.to_table().c
    return [DropSearchIndexOp(op.table_name)] if found else []
