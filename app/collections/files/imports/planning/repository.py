"""Look-ups for a batch of rows, each in one statement."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, select

from app.core.db.derived.columns import base_columns
from app.core.db.driver.compiled import Row
from app.core.repository import BaseRepository


class ImportRepository:
    def __init__(self, repository: BaseRepository[Any]) -> None:
        self.session, self.table = repository.session, repository.table
        self.visible = [*repository.visible()]

    async def find(
        self, column: Column[Any], values: Collection[Any]
    ) -> dict[Any, Row]:
        """Return the rows that have one of these values, by the value."""
        if not values:
            return {}
        among = column.in_([*values]), *self.visible
        query = select(*base_columns(self.table)).where(*among)
        return {row[column.key]: row for row in await self.session.rows(query)}

    async def owners(
        self, column: Column[Any], values: Collection[Any]
    ) -> dict[Any, UUID]:
        """Return the id of the row that has each of these values of a unique column."""
        if not values:
            return {}
        query = select(column, self.table.c.id).where(column.in_([*values]))
        rows = await self.session.rows(query)
        return {row[column.key]: row["id"] for row in rows}

    async def existing(self, key: ForeignKey, values: Collection[Any]) -> set[Any]:
        """Return which of these values a foreign key may have."""
        if not values:
            return set()
        query = select(key.column).where(key.column.in_([*values]))
        return {row[key.column.key] for row in await self.session.rows(query)}
