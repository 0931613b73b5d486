"""The collection that a file is imported to: which of its columns mean what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from app.collections.files.exports.names import name_column
from app.collections.lists.relations import relation_name
from app.core.db.constraints import foreign_keys_of
from app.core.models import Entity
from app.core.web.collections.resource import Resource

IDENTITY = {"id", "version"}
DERIVED = "_key"  # the end of the name of a unique column that is made of a field


@dataclass(frozen=True)
class Target:
    """A collection. `unique` and `references` are fields with a constraint.

    `key` is the field by which a row finds its record; None for the id.
    """

    resource: Resource
    key: str | None
    unique: Mapping[str, Column[Any]]
    references: Mapping[str, ForeignKey]

    @classmethod
    def of(cls, resource: Resource, key: str | None) -> "Target":
        """Return the target; LookupError if the key is no unique field."""
        unique = unique_fields(resource)
        if key is not None and key not in unique:
            choices = ", ".join(sorted(unique)) or "none"
            raise LookupError(f"key must be a unique field: {choices}")
        keys = foreign_keys_of(resource.entity.__table__)
        return cls(resource, key, unique, {it.parent.key: it for it in keys})

    @property
    def writable(self) -> set[str]:
        fields = self.resource.create.model_fields, self.resource.update.model_fields
        return {name for each in fields for name in each}

    @property
    def key_column(self) -> Column[Any]:
        return (
            self.unique[self.key] if self.key else self.resource.entity.__table__.c.id
        )

    @cached_property
    def known(self) -> set[str]:
        named = map(name_column, map(relation_name, self.references))
        return {*self.resource.read.shown(), *self.writable, *named}

    def unknown(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name not in self.known]

    def ignored(self, names: Iterable[str]) -> set[str]:
        """Return the columns that are read-only. The version guards each change."""
        used = self.writable | ({"version"} if self.key else IDENTITY)
        return self.known.intersection(names) - used

    def stored(self, field: str, value: Any) -> Any:
        """Return the value that the unique column has for this value of its field."""
        column = self.unique[field]
        if column.key == field:
            return value
        return getattr(self.resource.entity(**{field: value}), column.key)


def unique_fields(resource: Resource) -> dict[str, Column[Any]]:
    """Return the unique column of each field of a new record that has one."""
    fields = resource.create.model_fields
    unique = {
        column.key if column.key in fields else stem(column): column
        for column in unique_columns(resource.entity)
    }
    return {name: unique[name] for name in fields if name in unique}


def stem(column: Column[Any]) -> str:
    return column.key.removesuffix(DERIVED)


def unique_columns(entity: type[Entity]) -> Iterator[Column[Any]]:
    """Yield the columns that are unique by themselves, except for the id."""
    for constraint in unique_constraints(entity.__table__):
        columns = [*constraint.columns]
        if len(columns) == 1:
            yield columns[0]


def unique_constraints(table: Table) -> Iterator[UniqueConstraint | Index]:
    yield from (it for it in table.constraints if isinstance(it, UniqueConstraint))
    yield from (it for it in table.indexes if it.unique)
