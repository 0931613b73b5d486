"""Entities with the features that are hard to audit, for tests only."""

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, MetaData
from sqlalchemy.ext.mutable import MutableDict
from sqlmodel import Column, Field, Relationship

from app.core.db.ids import uuid7
from app.core.models import Entity

ANN, BOB, TEA, LEAVES = (uuid7() for _ in range(4))


class LibraryEntity(Entity):
    # Metadata of its own, because migrations are compared with the application's.
    metadata = MetaData()


class Author(LibraryEntity, table=True):
    redacted: ClassVar[frozenset[str]] = frozenset({"secret"})

    name: str
    secret: str | None = None
    books: list["Book"] = Relationship(back_populates="author")


class Book(LibraryEntity, table=True):
    title: str
    pages: int = 1
    notes: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(MutableDict.as_mutable(JSON()))
    )
    author_id: UUID | None = Field(default=None, foreign_key="author.id")
    author: Author | None = Relationship(back_populates="books")
    chapters: list["Chapter"] = Relationship(back_populates="book", cascade_delete=True)


class Chapter(LibraryEntity, table=True):
    title: str
    book_id: UUID | None = Field(default=None, foreign_key="book.id")
    book: Book | None = Relationship(back_populates="chapters")
