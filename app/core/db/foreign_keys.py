"""Find violated foreign keys. PostgreSQL reports only one of them, SQLite none."""

from typing import Any

from sqlalchemy import ForeignKey, Table, func, select

from app.core.db.session import DatabaseSession
from app.core.exceptions import ValidationFailedException


async def missing_references(
    session: DatabaseSession, table: Table, many: list[dict[str, Any]]
) -> ValidationFailedException:
    """Roll back, and return an error for each column that refers to a missing row.

    `many` holds the values of the rows whose INSERT or UPDATE has failed.
    """
    await session.rollback()
    errors = [
        missing_reference(key.parent.name)
        for key in table.foreign_keys
        if not await exist(session, key, {row.get(key.parent.name) for row in many})
    ]
    return ValidationFailedException(errors)


async def exist(session: DatabaseSession, key: ForeignKey, values: set[Any]) -> bool:
    count = select(func.count()).where(key.column.in_(values))
    return bool(await session.value(count) == len(values - {None}))


def missing_reference(field: str) -> dict[str, Any]:
    message = "The referenced record does not exist"
    return {"loc": ("body", field), "type": "missing_reference", "msg": message}
