"""Scope of a read of the past: the table of a model, a time, and a range of ids."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table

from app.audit.history.moments import of_model
from app.audit.repository import CHANGES
from app.core.models import Entity

RECORD = CHANGES.c.entity_id


@dataclass(frozen=True)
class Scope:
    """The ids are those in `[first, end)`; without bounds, all of them."""

    dialect: str
    model: type[Entity]
    then: datetime
    first: UUID | None = None
    end: UUID | None = None

    @property
    def table(self) -> Table:
        return self.model.__table__

    def has(self, id: ColumnElement[Any]) -> Iterator[ColumnElement[bool]]:
        if self.first:
            yield id >= self.first
        if self.end:
            yield id < self.end

    def later(self) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions for the changes that were made after then."""
        yield of_model(self.model)
        yield CHANGES.c.at > self.then
        yield from self.has(RECORD)
