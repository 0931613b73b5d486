"""A small library, and the entries of its change log."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.models import AuditChange
from app.core.context import Context, new_context
from app.core.db.database import Database
from tests.audit.changes.models import (
    ANN,
    LEAVES,
    TEA,
    Author,
    Book,
    Chapter,
    LibraryEntity,
)

Path = Callable[[AsyncSession], Awaitable[None]]
Diff = dict[str, list[Any]]
Entries = list[tuple[str, Diff]]


def diff(change: AuditChange) -> Diff:
    """Return the values of a change as {column: [old, new]}."""
    old, new = change.old or {}, change.new or {}
    return {name: [masked(old.get(name)), masked(new.get(name))] for name in old | new}


def masked(value: Any) -> Any:
    return "***" if str(value).startswith("hmac:") else value


@dataclass
class Library:
    database: Database

    async def write(self, path: Path) -> None:
        """Run one write path in a transaction and a context of its own."""
        context = Context("path", actor_id=ANN, actor_label="ann@example.com")
        with new_context(context):
            async with self.database.writing() as session:
                await path(session)

    async def changes(self) -> list[AuditChange]:
        query = select(AuditChange).where(col(AuditChange.request_id) == "path")
        async with self.database.reading() as session:
            return list(await session.scalars(query.order_by(col(AuditChange.id))))

    async def entries(self) -> Entries:
        return [
            (f"{change.action} {change.entity} v{change.version}", diff(change))
            for change in await self.changes()
        ]

    async def rows(self, *models: type[LibraryEntity]) -> dict[UUID, int]:
        """Return the id and the version of each row."""
        async with self.database.reading() as session:
            return {
                id: version
                for model in models or (Author, Book, Chapter)
                for id, version in await session.execute(
                    select(col(model.id), col(model.version))
                )
            }


@pytest.fixture
async def library(database: Database) -> Library:
    """Insert an author with one book of one page and one chapter."""
    async with database.engine.begin() as connection:
        await connection.run_sync(LibraryEntity.metadata.create_all)
    async with database.writing() as session:
        session.add(Author(id=ANN, name="Ann", secret="hunter2"))
        session.add(Book(id=TEA, title="Tea", author_id=ANN, notes={"a": 1}))
        session.add(Chapter(id=LEAVES, title="Leaves", book_id=TEA))
    return Library(database)
