"""Recorded values under the present names of their columns."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from app.audit.changes.snapshots import canonical
from app.core.models import Entity, present_name

State = dict[str, Any]


@dataclass(frozen=True)
class Gaps:
    """What a record's log does not show of a past time.

    Columns that were added later, columns that may have been, and recorded names that
    are neither columns nor former names.
    """

    added: AbstractSet[str] = frozenset()
    uncertain: AbstractSet[str] = frozenset()
    unmapped: AbstractSet[str] = frozenset()


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


def complete(model: type[Entity], state: State, gaps: Gaps) -> State:
    """Return the state with the default of each column that did not exist then.

    Left out are columns without a default, those that may have existed with another
    value, and all of them if an unmapped name may be the column's.
    """
    added = gaps.added | (model.__table__.c.keys() - state.keys())
    default = {} if gaps.unmapped else defaults(model, added | gaps.uncertain)
    known = {
        name: value
        for name, value in state.items()
        if name not in added | gaps.uncertain
        or (name in default and is_same(model, name, value, default[name]))
    }
    return known | {name: default[name] for name in added & default.keys()}


def is_same(model: type[Entity], name: str, value: Any, other: Any) -> bool:
    """Compare a value with another one that may be in the form of the change log."""
    column = model.__table__.c[name]
    one, two = (to_json(canonical(each, column)) for each in (value, other))
    return one == two


def defaults(model: type[Entity], names: Iterable[str]) -> State:
    fields = {name: model.model_fields[name] for name in names}
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in fields.items()
        if not field.is_required()
    }
