"""Past states whose columns are not all recorded: defaults, or columns left out."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from app.audit.changes.snapshots import canonical
from app.audit.history.columns import State
from app.core.db.derived.columns import base_names
from app.core.models import Entity


@dataclass(frozen=True)
class Gaps:
    """Columns that were added later, or may have been, and unmapped recorded names."""

    added: AbstractSet[str] = frozenset()
    uncertain: AbstractSet[str] = frozenset()
    unmapped: AbstractSet[str] = frozenset()


def complete(model: type[Entity], state: State, gaps: Gaps) -> State:
    """Return the state with the default of each column that did not exist then.

    Left out are columns without a default, those that may have existed with another
    value, and all of them if an unmapped name may be the column's.
    """
    added = gaps.added | (base_names(model.__table__) - state.keys())
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


def defaults(model: type[Entity], names: AbstractSet[str]) -> State:
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in model.model_fields.items()
        if name in names and not field.is_required()
    }
