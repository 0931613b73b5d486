"""The parent of every table that belongs to a domain."""

from contextvars import ContextVar
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.ids import uuid7

# A record that is brought back goes on counting where it ended.
last_version: ContextVar[int] = ContextVar("last_version", default=0)


def next_version(version: int | None) -> int:
    return (version or last_version.get()) + 1


class Entity(SQLModel):
    """A row with an identity, a version and a history.

    Inheriting from Entity is all it takes to be a citizen of this house: ETag and
    If-Match follow from the version, and the audit records every change.

    Each UPDATE and DELETE names the version it has seen, so none can overwrite what
    it never read.

    Foreign keys between entities say RESTRICT or nothing. A cascade done by the
    database changes rows behind the audit's back.
    """

    redacted: ClassVar[frozenset[str]] = frozenset()
    __table__: ClassVar[Table]

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = 1
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    updated_at: datetime = Field(
        default_factory=now,
        sa_type=UtcDateTime,
        sa_column_kwargs={"onupdate": now},
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.version, "version_id_generator": next_version}

    def __setattr__(self, name: str, value: Any) -> None:
        # SQLModel sets it twice: for SQLAlchemy, and for Pydantic, which has nothing to
        # do in a table. That took a tenth of the time of making a record.
        object.__setattr__(self, name, value)


def entities() -> list[type[Entity]]:
    """Return every table that is an entity's."""
    found = [Entity]
    for model in found:
        found.extend(model.__subclasses__())
    return [model for model in found if hasattr(model, "__table__")]
