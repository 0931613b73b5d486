"""Recorded values under the present names of their columns, and as entities."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

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
        values = recorded_model(model).model_validate(state).__dict__
        return model(**values, **{name: state[name] for name in model.redacted})
    except ValidationError as error:
        invalid = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
        raise UnknownStateException(model.__name__, invalid) from error


@cache
def recorded_model(model: type[Entity]) -> type[BaseModel]:
    """Return a schema of the columns but secrets: of these the log has only a hash."""
    fields: Any = {n: (it.annotation, it) for n, it in model.model_fields.items()}
    shown = fields.keys() - model.redacted
    return create_model(model.__name__, **{name: fields[name] for name in shown})
