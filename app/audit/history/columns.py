"""Recorded values under the present names of their columns."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.models import Entity, present_name

State = dict[str, Any]


def present_values(model: type[Entity], recorded: Mapping[str, Any] | None) -> State:
    """Return the values by present column name, without those of dropped columns."""
    names = {name: find_name(model, name) for name in recorded or {}}
    # Last, because a present name is certain.
    ordered = sorted(names, key=lambda name: names[name] == name)
    values = recorded or {}
    return {found: values[name] for name in ordered if (found := names[name])}


def find_name(model: type[Entity], name: str) -> str | None:
    try:
        return present_name(model, name)
    except LookupError:
        return None


def unmapped_names(model: type[Entity], recorded: Iterable[str]) -> set[str]:
    """Return the names that are neither columns nor former names."""
    columns = model.__table__.c
    return {name for name in recorded if name not in {*columns.keys()}} - {
        *model.former_names
    }


def recorded_columns(model: type[Entity], column: str) -> list[str]:
    """Return all names under which the change log has the column's values."""
    former = [name for name in model.former_names if find_name(model, name) == column]
    return [column, *former]


def complete(
    model: type[Entity], state: State, unknown: Iterable[str], unmapped: Iterable[str]
) -> State:
    """Return the state with the defaults of `unknown` columns, or without them.

    Without, if the field has no default, or if an unmapped name may be the column's.
    """
    known = {name: value for name, value in state.items() if name not in {*unknown}}
    return known if {*unmapped} else known | defaults(model, unknown)


def defaults(model: type[Entity], names: Iterable[str]) -> State:
    fields = {name: model.model_fields[name] for name in names}
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in fields.items()
        if not field.is_required()
    }
