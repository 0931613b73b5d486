"""Find the fields of a request that violate constraints of the database."""

import re
from typing import Any

from sqlalchemy import ForeignKey, Index, Table, UniqueConstraint, func, select
from sqlalchemy.exc import IntegrityError

from app.core.db.session import DatabaseSession
from app.core.exceptions import ConflictException, ValidationFailedException


def taken(error: IntegrityError, table: Table, name: str) -> ConflictException:
    fields = taken_fields(error, table)
    if not fields:  # of an expression, or of another table that was written with it
        return ConflictException("Conflicts with an existing record")
    same = " and ".join(fields)
    return ConflictException(f"Another {name} has the same {same}", *fields)


def taken_fields(error: IntegrityError, table: Table) -> list[str]:
    """Return the fields of the unique constraint that the statement has violated.

    SQLite names its columns, PostgreSQL the constraint. A column such as `email_key` is
    derived from the field.
    """
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    if name is None:
        columns = re.findall(rf"\b{table.name}\.(\w+)", str(error.orig))
    else:
        constraints: list[UniqueConstraint | Index] = [*table.indexes]
        constraints += [
            each for each in table.constraints if isinstance(each, UniqueConstraint)
        ]
        columns = [
            column.name
            for constraint in constraints
            if constraint.name == name
            for column in constraint.columns
        ]
    return [column.removesuffix("_key") for column in columns]


async def missing_references(
    session: DatabaseSession, table: Table, many: list[dict[str, Any]]
) -> ValidationFailedException:
    """Roll back, and return an error for each column that refers to a missing row.

    `many` holds the values of the rows whose INSERT or UPDATE has failed: PostgreSQL
    reports only one of the foreign keys, SQLite none.
    """
    await session.undo()
    errors = [
        missing_reference(key.parent.name)
        for key in foreign_keys_of(table)
        if not await exist(session, key, {row.get(key.parent.name) for row in many})
    ]
    return ValidationFailedException(errors)


def foreign_keys_of(table: Table) -> list[ForeignKey]:
    """Return the foreign keys in the order of their columns; SQLAlchemy has none."""
    return [key for column in table.columns for key in column.foreign_keys]


async def exist(session: DatabaseSession, key: ForeignKey, values: set[Any]) -> bool:
    count = select(func.count()).where(key.column.in_(values))
    return bool(await session.value(count) == len(values - {None}))


def missing_reference(field: str) -> dict[str, Any]:
    message = "The referenced record does not exist"
    return {"loc": ("body", field), "type": "missing_reference", "msg": message}
