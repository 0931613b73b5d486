"""Entities with the features that are hard to audit, for tests only."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import JSON, MetaData
from sqlalchemy.ext.mutable import MutableDict
from sqlmodel import Column, Field, Relationship

from app.core.db.column_types import Money, UtcDateTime, enum_column
from app.core.db.ids import uuid7
from app.core.models import Entity

ANN, BOB, TEA, LEAVES, MEMO, LIST = (uuid7() for _ in range(6))


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


class Note(LibraryEntity, table=True):
    """An entity without relationships: written by statements of the driver."""

    redacted: ClassVar[frozenset[str]] = frozenset({"secret"})

    title: str
    pages: int = 1
    secret: str | None = Field(default=None, unique=True)
    notes: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(MutableDict.as_mutable(JSON()))
    )
    author_id: UUID | None = Field(default=None, foreign_key="author.id")


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Shape(Enum):
    ROUND = 1
    SQUARE = 2


class LowerCase(sa.TypeDecorator[str]):
    """Text that is stored otherwise than it was given."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value and value.lower().strip()


def column(kind: Any, *arguments: Any, **options: Any) -> Any:
    return Field(default=None, sa_column=Column(kind, *arguments, **options))


class Checked(LibraryEntity, table=True):
    """Columns whose values are checked, and not read back."""

    text: str | None = Field(default=None, max_length=5)
    long_text: str | None = column(sa.Text())
    code: str | None = column(sa.CHAR(3))
    number: int | None = None
    flag: bool | None = None
    ratio: float | None = None
    price: Decimal | None = Field(default=None, sa_type=Money)
    weight: Decimal | None = column(sa.Numeric(8, 3))
    instant: datetime | None = Field(default=None, sa_type=UtcDateTime)
    local: datetime | None = column(sa.DateTime())
    day: date | None = None
    hour: time | None = None
    colour: Colour | None = column(enum_column(Colour))
    shape: Shape | None = column(sa.Enum(Shape, native_enum=False))
    document: Any = column(JSON())
    blob: bytes | None = None
    other_id: UUID | None = None


class Converted(LibraryEntity, table=True):
    """Columns whose values are read back."""

    lower: str | None = column(LowerCase())
    weight: Decimal | None = column(sa.Numeric())
    real: float | None = column(sa.REAL())
    code: str | None = column(sa.CHAR())
    aware: datetime | None = column(sa.DateTime(timezone=True))
    span: timedelta | None = column(sa.Interval())
    number: int | None = None
    twice: int | None = column(sa.Integer(), sa.Computed("number * 2"))
    origin: str | None = column(sa.Text(), server_default="here")


class Signed(LibraryEntity, table=True):
    """A column that Python sets in each UPDATE."""

    title: str
    by: str | None = Field(default="Ann", sa_column_kwargs={"onupdate": "Bob"})


class Counted(LibraryEntity, table=True):
    """A column that the database computes in each UPDATE."""

    title: str
    changes: int = Field(
        default=0, sa_column_kwargs={"onupdate": sa.text("changes + 1")}
    )
