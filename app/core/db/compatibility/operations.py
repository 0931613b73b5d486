"""Hook of autogenerate: a first value of a new migration's `compatible_with_previous`.

It is derived from the operations of the upgrade. The author of the migration decides,
for what a release relies on shows only in its code.
"""

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    CreateForeignKeyOp,
    CreateIndexOp,
    CreateTableOp,
    MigrateOperation,
    MigrationScript,
    OpContainer,
)
from alembic.runtime.migration import MigrationContext

from app.core.db.guarantees.operations import RestoreGuaranteesOp

# Key of `config.attributes`, from where the template of migrations reads the obstacles.
OBSTACLES = "compatibility_obstacles"


def note_obstacles(
    context: MigrationContext, _: Any, scripts: list[MigrationScript]
) -> None:
    """Pass what makes the migration incompatible to alembic/script.py.mako."""
    (script,) = scripts
    assert context.config is not None  # noqa: S101  autogenerate runs in env.py
    context.config.attributes[OBSTACLES] = list(find_obstacles(script))


def find_obstacles(script: MigrationScript) -> Iterator[str]:
    """Yield the operations after which the release before may fail."""
    operations = [each for ops in script.upgrade_ops_list for each in flatten(ops)]
    tables = {each.table_name for each in operations if isinstance(each, CreateTableOp)}
    columns = {
        (each.table_name, each.column.name)
        for each in operations
        if isinstance(each, AddColumnOp)
    }
    for each in operations:
        if table_of(each) not in tables and not is_compatible(each, columns):
            yield describe(each)


def flatten(operation: MigrateOperation) -> Iterator[MigrateOperation]:
    if isinstance(operation, OpContainer):
        for each in operation.ops:
            yield from flatten(each)
    else:
        yield operation


def is_compatible(
    operation: MigrateOperation, new_columns: set[tuple[str, str]]
) -> bool:
    """Return whether code that doesn't know of the operation can go on as before."""
    if isinstance(operation, AddColumnOp):
        column = operation.column
        return bool(column.nullable or column.server_default is not None)
    if isinstance(operation, CreateIndexOp):
        return not operation.unique
    if isinstance(operation, CreateForeignKeyOp):
        names = {(operation.source_table, name) for name in operation.local_cols}
        return names <= new_columns
    # Without faults it only recreates what a copy of the table has lost.
    return isinstance(operation, RestoreGuaranteesOp) and not operation.faults


def table_of(operation: MigrateOperation) -> str:
    names = ("table_name", "source_table", "table")
    return next(
        (str(getattr(operation, n)) for n in names if hasattr(operation, n)), ""
    )


def describe(operation: MigrateOperation) -> str:
    """Return the operation and its object, for example `drop column product.color`."""
    words = re.findall("[A-Z][a-z]+", type(operation).__name__.removesuffix("Op"))
    column = getattr(operation, "column_name", None)
    if isinstance(operation, AddColumnOp):
        column = operation.column.name
    name = table_of(operation)
    return (
        f"{' '.join(words).lower()} {name}.{column}"
        if column
        else (f"{' '.join(words).lower()} on {name}")
    )
