"""Base class of the domains' tables."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Index, Table, event
from sqlalchemy.orm import Mapper, declared_attr, deferred
from sqlmodel import Field, SQLModel

from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.derived.columns import derivations_of, make_derivations
from app.core.db.derived.events import derive, derive_changed
from app.core.db.ids import uuid7
from app.core.db.records.timestamps import change_time
from app.core.db.records.versions import announce, next_version
from app.core.db.search.index import declare_search_index


class Entity(SQLModel):
    """Row with an id, a version and audited changes.

    A subclass needs no further set-up: ETag and If-Match use the version, and the
    audit records each INSERT, UPDATE and DELETE.

    SQLAlchemy adds the version to the WHERE clause of each UPDATE and DELETE, so a
    concurrent change is detected, not overwritten.

    Foreign keys between entities must be RESTRICT or NO ACTION, because the audit
    does not see a cascade that the database executes.
    """

    # Text columns that `q` searches, and those that sort alike in every locale. Derived
    # columns are added to the table for both.
    searched: ClassVar[tuple[str, ...]] = ()
    collated: ClassVar[tuple[str, ...]] = ()
    redacted: ClassVar[frozenset[str]] = frozenset()
    # Text columns with data of the person that the record is about → what is left in
    # them when that person is erased; see db/personal/erased.py.
    personal: ClassVar[Mapping[str, str | None]] = {}
    # What the change log calls this class and its columns where they were renamed:
    # former column name → present one, or None for a column that was dropped.
    former_names: ClassVar[Mapping[str, str | None]] = {}
    former_entities: ClassVar[frozenset[str]] = frozenset()
    __table__: ClassVar[Table]

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = 1
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    updated_at: datetime = Field(
        default_factory=now,
        sa_type=UtcDateTime,
        sa_column_kwargs={"onupdate": change_time},
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {
            "version_id_col": cls.version,
            "version_id_generator": next_version,
            # Read what the database computes at once: a response can't wait for it.
            "eager_defaults": True,
        }

    def __setattr__(self, name: str, value: Any) -> None:
        # SQLModel sets each attribute twice, for SQLAlchemy and for Pydantic, which
        # validates nothing in a table. That took a tenth of the time of a constructor.
        object.__setattr__(self, name, value)


def add_derived_columns(mapper: Mapper[Any], model: type[Entity]) -> None:
    """Map the derived columns; queries do not load them unless they name them."""
    for derivation in make_derivations(model.searched, model.collated):
        column = derivation.column()
        model.__table__.append_column(column)
        mapper.add_property(derivation.name, deferred(column))
    if model.searched:
        declare_search_index(model.__table__)


def add_index(mapper: Mapper[Any], model: type[Entity]) -> None:
    """Index the time of the last change, for `updated_since`.

    PostgreSQL would write a new entry of every index, the trigrams too, for an UPDATE
    of a column in a B-tree. It does not for a BRIN index, from version 16 on.
    """
    Index(
        f"ix_{model.__table__.name}_updated_at",
        model.__table__.c.updated_at,
        model.__table__.c.id,
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 16},
    )


def prepare(_: Mapper[Any], __: Any, entity: Entity) -> None:
    """Announce a new row, and set its derived columns."""
    announce(entity.id)
    for derivation in derivations_of(entity.__table__):
        derive(entity, derivation)


event.listen(Entity, "after_mapper_constructed", add_derived_columns, propagate=True)
event.listen(Entity, "after_mapper_constructed", add_index, propagate=True)
event.listen(Entity, "before_insert", prepare, propagate=True)
event.listen(Entity, "before_update", derive_changed, propagate=True)


def entities() -> list[type[Entity]]:
    """Return all subclasses of Entity that have a table."""
    found = [Entity]
    for model in found:
        found.extend(model.__subclasses__())
    return [model for model in found if hasattr(model, "__table__")]


def recorded_names(model: type[Entity]) -> tuple[str, ...]:
    """Return the names of the class in the change log, the present one first."""
    return (model.__name__, *sorted(model.former_entities))


def names_of_class(name: str) -> tuple[str, ...]:
    """Return all recorded names of the class with this one; itself if there is none."""
    return next((it for it in map(recorded_names, entities()) if name in it), (name,))


def present_name(model: type[Entity], name: str) -> str | None:
    """Return the column that was recorded as `name`; None if it was dropped.

    Raises:
        LookupError: `name` is neither a column nor a former name.
    """
    if name in model.__table__.c:
        return name
    successor = model.former_names[name]
    return successor and present_name(model, successor)
