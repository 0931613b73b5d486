"""Which references are broken: PostgreSQL names one of them, and SQLite none."""

from typing import Any

from sqlalchemy import ForeignKey, Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.exceptions import ValidationFailedException


async def dangling(
    session: AsyncSession, table: Table, many: list[dict[str, Any]]
) -> ValidationFailedException:
    """Undo the transaction, and return what is wrong with the rows it has tried."""
    await session.rollback()
    broken = [
        missing(key.parent.name)
        for key in table.foreign_keys
        if not await exist(session, key, {row.get(key.parent.name) for row in many})
    ]
    return ValidationFailedException(broken)


async def exist(session: AsyncSession, key: ForeignKey, values: set[Any]) -> bool:
    count = select(func.count()).where(key.column.in_(values))
    return await session.scalar(count) == len(values - {None})


def missing(field: str) -> dict[str, Any]:
    message = "There is no such record"
    return {"loc": ("body", field), "type": "missing_reference", "msg": message}
