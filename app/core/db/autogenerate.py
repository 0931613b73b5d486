"""Hooks of `alembic revision --autogenerate`.

They render types, add defaults of new columns, and derive the compatibility.
"""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from alembic.autogenerate.rewriter import Rewriter
from alembic.operations.ops import (
    AddColumnOp,
    CreateTableOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
)
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import JSON, Column
from sqlmodel import AutoString, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db.column_types import FixedDecimal, UtcDateTime
from app.core.db.compatibility.operations import note_obstacles
from app.core.db.derived.operations import fills_of
from app.core.db.guarantees.operations import RestoreGuaranteesOp, has_guarantees
from app.core.db.guarantees.search_index import drops_of

# Another factory makes another value each time, such as an id.
EMPTY: dict[Any, Any] = {list: [], dict: {}}

rewriter = Rewriter().chain(note_obstacles)


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Render our column types as SQLAlchemy's own, for each database.

    A migration must not import the application, which changes after it was written.
    """
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime | UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, FixedDecimal):
        number = f"sa.Numeric({item.digits}, {item.places})"
        return f'{number}.with_variant(sa.Float(), "sqlite")'
    if isinstance(item, JSON):
        return "sa.JSON()"
    if isinstance(item, AutoString):
        return f"sa.String({item.length})"
    return False


@rewriter.rewrites(AddColumnOp)
def add_server_default(_: MigrationContext, __: Any, op: AddColumnOp) -> AddColumnOp:
    """Give a new NOT NULL column the default of its field, for rows that exist.

    The default stays in the schema: the previous release inserts without the column
    while the new one is rolled out.

    Raises:
        CommandError: the field has no default that SQL can express.
    """
    column = op.column
    if not column.nullable and column.server_default is None:
        default = field_default(op.table_name, column.name)
        if default is None:
            raise CommandError(
                f"{op.table_name}.{column.name} is NOT NULL and has no default that "
                "both databases take (a time is none), so no table with rows can get "
                "it. Give the field a default, or allow None."
            )
        op.column = with_default(column, default)
    return op


@rewriter.rewrites(CreateTableOp)
def create_guarantees(
    _: MigrationContext, __: Any, op: CreateTableOp
) -> list[MigrateOperation]:
    """Create what the new table declares in `Table.info`, and leave that out."""
    op.info = {}
    found = has_guarantees(op.table_name)
    return [op, RestoreGuaranteesOp(op.table_name)] if found else [op]


@rewriter.rewrites(DropTableOp)
def drop_search_index(
    _: MigrationContext, __: Any, op: DropTableOp
) -> list[MigrateOperation]:
    return [*drops_of(op), op]


@rewriter.rewrites(ModifyTableOps)
def restore_guarantees(
    _: MigrationContext, __: Any, op: ModifyTableOps
) -> list[MigrateOperation]:
    """Recreate what a copy of the table loses, and fill derived columns."""
    table = op.table_name
    restored = [RestoreGuaranteesOp(table)] if has_guarantees(table) else []
    added = [each.column for each in op.ops if isinstance(each, AddColumnOp)]
    filled = {each.name for each in added if field_default(table, each.name)}
    return [op, *fills_of(table, op.ops, filled), *restored]


def with_default(column: Column[Any], default: str) -> Column[Any]:
    return Column(column.name, column.type, server_default=default, nullable=False)


def field_default(table: str, name: str) -> str | None:
    """Return the constant default of a model's field as SQL, or None."""
    for model in models():
        if model.__tablename__ == table and name in model.model_fields:
            field = model.model_fields[name]
            return as_sql(EMPTY.get(field.default_factory, field.default))
    return None


def as_sql(value: Any) -> str | None:
    """Return a literal that both databases convert to the type of the column.

    There is none for a time: with a zone SQLite would keep it as it is, which no query
    can read, and without one PostgreSQL would take it for a local time.
    """
    match value:
        case bool():
            return str(int(value))
        case Enum():
            return as_sql(value.value)
        case UUID():
            return value.hex
        case dict() | list():
            return json.dumps(value)
        case str() | int() | float() | Decimal():
            return str(value)
    return str(value) if type(value) is date else None


def models() -> Iterator[type[SQLModel]]:
    """Yield every model that has a table."""
    found: list[type[SQLModel]] = [SQLModel]
    for model in found:
        found.extend(model.__subclasses__())
        if hasattr(model, "__table__"):
            yield model
