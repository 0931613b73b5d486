"""Batch blocks of migrations: a column can be renamed and indexed in one block.

Alembic refers to a renamed column by its old name while it copies the table. So it
finds no column of the new name for an index, and omits a constraint.
"""

from typing import Any

from alembic.ddl.sqlite import SQLiteImpl
from alembic.util import CommandError
from sqlalchemy import Column, Index, MetaData, Table


class RenamingImpl(SQLiteImpl):
    """Alembic's implementation for SQLite; the definition registers it."""

    __dialect__ = "sqlite"

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        """Refer to the columns of new indexes as the copy of the table does.

        Raises:
            CommandError: a constraint was omitted.
        """
        super().prep_table_for_batch(batch_impl, table)
        copy: Table = batch_impl.new_table
        keys = {column.name: column.key for column in copy.columns}
        for name, index in batch_impl.new_indexes.items():
            batch_impl.new_indexes[name] = with_keys(index, keys)
        kept = {constraint.name for constraint in copy.constraints}
        for name, constraint in batch_impl.named_constraints.items():
            if name not in kept and {*constraint.columns.keys()} <= keys.keys():
                raise CommandError(f"Rename a column of {name} in an earlier block")


def with_keys(index: Index, keys: dict[str, str]) -> Index:
    """Return the index on columns with these keys by name."""
    columns = list[Column[Any]]()
    for column in index.columns:
        columns.append(Column(column.name, key=keys.get(column.name, column.name)))
    Table("copy", MetaData(), *columns)
    return Index(index.name, *columns, unique=index.unique, **index.kwargs)
