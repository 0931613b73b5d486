"""Creation of search indexes, and the Alembic operation `op.drop_search_index()`."""

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations
from sqlmodel import SQLModel

from app.core.db.guarantees.definitions import Trigger, search_index, table_triggers

OURS = "  # type: ignore[attr-defined]"  # alembic.op has its own operations only


def triggers_of(operations: Operations, name: str) -> tuple[Trigger, ...]:
    dialect = operations.get_context().dialect.name
    return table_triggers(SQLModel.metadata.tables[name], dialect)


def create_search_index(operations: Operations, name: str) -> None:
    dialect = operations.get_context().dialect.name
    index = search_index(SQLModel.metadata.tables[name], dialect)
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


@Operations.implementation_for(DropSearchIndexOp)
def drop(operations: Operations, op: DropSearchIndexOp) -> None:
    dialect = operations.get_context().dialect.name
    for trigger in triggers_of(operations, op.table):
        if trigger.fills:
            operations.execute(f"DROP TRIGGER IF EXISTS {trigger.name}")
    if index := search_index(SQLModel.metadata.tables[op.table], dialect):
        operations.execute(f"DROP {index.kind} IF EXISTS {index.name}")


@renderers.dispatch_for(DropSearchIndexOp)
def render_drop(_: AutogenContext, op: DropSearchIndexOp) -> str:
    return f'op.drop_search_index("{op.table}"){OURS}'
