"""Comparison of the guarantees after each migration, in its transaction."""

from collections.abc import Callable
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection
from sqlmodel import SQLModel

from app.core.db.guarantees.comparison import SchemaComparison
from app.core.db.guarantees.definitions import Guarantee


def comparing_guarantees(
    connection: Connection, head: str | None
) -> Callable[..., None]:
    """Return a callback that rejects a migration after which a guarantee is lost.

    It runs in the migration's transaction. At head each guarantee must be in force; at
    another revision, each one that was in force before. Tables that do not exist, such
    as those of a model whose migration is still to be generated, have lost none.
    """
    before = SchemaComparison(connection, SQLModel.metadata).in_force()

    def compare_after(*, step: Any, heads: set[Any], **_: Any) -> None:
        nonlocal before
        if step.is_stamp:
            return
        after = SchemaComparison(connection, SQLModel.metadata)
        at_head = heads == {head}
        faults = [each for each in after.faults() if after.has_table(each[0])]
        lost = [each for each in faults if at_head or each[0] in before]
        if lost:
            raise CommandError(describe(lost))
        before = after.in_force()

    return compare_after


def describe(faults: list[tuple[Guarantee, str]]) -> str:
    sentences = "; ".join(f"{each} {fault}" for each, fault in faults)
    tables = dict.fromkeys(each.declared_by for each, _ in faults)
    calls = ", ".join(f'`op.restore_guarantees("{table}")`' for table in tables)
    return (
        f"{sentences}. Nothing was migrated. On SQLite a batch operation copies the "
        f"table without its triggers: end the migration with {calls}. What a model "
        "declares newly needs a migration of its own: upgrade without it first"
    )
