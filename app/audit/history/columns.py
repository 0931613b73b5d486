"""Recorded values under the present names of their columns, and as entities."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from app.audit.history.exceptions import UnknownStateException
from app.audit.shown.documents import values_of
from app.core.db.derived.columns import base_names
from app.core.models import Entity, present_name

State = dict[str, Any]


def present_values(model: type[Entity], recorded: Any) -> State:
    """Return the values by present column name, without those of dropped columns."""
    values = values_of(recorded)
    names = {name: find_name(model, name) for name in values}
    # Last, because a present name is certain.
    ordered = sorted(names, key=lambda name: names[name] == name)
    return {found: values[name] for name in ordered if (found := names[name])}


def find_name(model: type[Entity], name: str) -> str | None:
    try:
        return present_name(model, name)
    except LookupError:
        return None


def unmapped_names(model: type[Entity], recorded: Iterable[str]) -> set[str]:
    """Return the names that are neither columns nor former names."""
    return {*recorded} - {*model.__table__.c.keys()} - {*model.former_names}


def recorded_columns(model: type[Entity], column: str) -> list[str]:
    """Return all names under which the change log has the column's values."""
    former = [name for name in model.former_names if find_name(model, name) == column]
    return [column, *former]


def validated(model: type[Entity], state: State) -> Entity:
    if unknown := base_names(model.__table__) - state.keys():
        raise UnknownStateException(model.__name__, unknown)
    try:
        return model.model_validate(state)
    except ValidationError as error:
        invalid = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
        raise UnknownStateException(model.__name__, invalid) from error


def as_id(value: Any) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise UnknownStateException("The record", {repr(value)}) from error
