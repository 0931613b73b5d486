"""Alembic operation `op.record_unaudited()`, for migrations that change rows.

They must not import the application: alembic/env.py imports this module.
"""

from typing import Any

from alembic.operations import MigrateOperation, Operations
from sqlalchemy import Insert, func, insert, text

from app.audit.changes.change_row import unaudited_row
from app.audit.changes.guard import record_unaudited
from app.audit.models import AuditChange
from app.core.context import Context, new_context

ACTOR = "alembic"
# Offline, those at which the script runs. PostgreSQL itself sets the number.
NUMBER = """(
    SELECT max(coalesce(max(transaction_id), 0) + 1, 1000000 * strftime('%s', 'now'))
    FROM audit_change
)"""
POSITIONS: dict[str, dict[str, Any]] = {
    "sqlite": {
        "at": text("strftime('%Y-%m-%d %H:%M:%f000', 'now')"),
        "transaction_id": text(NUMBER),
    },
    "postgresql": {"at": func.clock_timestamp()},
}


@Operations.register_operation("record_unaudited")
class RecordUnauditedOp(MigrateOperation):
    """Record in the change log that SQL changes the rows of a table, and why."""

    def __init__(self, table: str, reason: str) -> None:
        self.table, self.reason = table, reason

    @classmethod
    def record_unaudited(cls, operations: Operations, table: str, reason: str) -> None:
        """Call this after the statement that changes entities.

        As with unaudited(), the statement must increment `version`.
        """
        operations.invoke(cls(table, reason))


@Operations.implementation_for(RecordUnauditedOp)
def record(operations: Operations, op: RecordUnauditedOp) -> None:
    context = operations.get_context()
    with new_context(Context(actor_label=ACTOR)):
        if context.as_sql:
            operations.execute(write_sql(context.dialect.name, op))
        else:
            record_unaudited(operations.get_bind(), op.reason, [op.table])


def write_sql(dialect: str, op: RecordUnauditedOp) -> Insert:
    row = unaudited_row(op.reason, op.table) | POSITIONS[dialect]
    given = {name: value for name, value in row.items() if value is not None}
    return insert(AuditChange).values(given)
