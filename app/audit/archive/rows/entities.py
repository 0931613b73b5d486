"""Entities of a query without those that have a value that cannot be read."""

from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from app.audit.archive.rows.reading import UNREADABLE

ModelT = TypeVar("ModelT", bound=SQLModel)


async def read_readable(
    session: AsyncSession, query: Select[ModelT], key: Any
) -> list[ModelT]:
    """Return what a query finds. `verify` names the values of what is left out."""
    try:
        return list(await session.scalars(query))
    except UNREADABLE:
        keys = list(await session.scalars(query.with_only_columns(key)))
    found: list[ModelT] = []
    for each in keys:
        try:
            found += await session.scalars(query.where(key == each))
        except UNREADABLE:
            continue
    return found
