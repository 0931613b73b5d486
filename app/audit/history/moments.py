"""Past times, and conditions on the change log: by class, and by record."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, true

from app.audit.repository import CHANGES
from app.core.models import Entity, recorded_names


@dataclass(frozen=True)
class Moment:
    """A past time: which changes of a record had been made, and when it was."""

    made: ColumnElement[bool]
    at: datetime


EVER = Moment(true(), datetime.max.replace(tzinfo=UTC))


def until(instant: datetime) -> Moment:
    return Moment(CHANGES.c.at <= instant, instant)


def just_before(instant: datetime) -> Moment:
    return Moment(CHANGES.c.at < instant, instant)


def of_model(
    model: type[Entity], entity: ColumnElement[str] = CHANGES.c.entity
) -> ColumnElement[bool]:
    """Return the condition for rows of this class, also under its former names."""
    return is_named(entity, recorded_names(model))


def is_named(entity: ColumnElement[str], names: tuple[str, ...]) -> ColumnElement[bool]:
    return entity.in_(names) if names[1:] else entity == names[0]


def of_records(
    model: type[Entity], ids: Collection[UUID]
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return of_model(model), CHANGES.c.entity_id.in_(ids)
