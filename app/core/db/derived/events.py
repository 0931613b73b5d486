"""Derived columns of an entity, set when it is about to be written."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from app.core.db.derived.columns import Derivation, derivations_of


def derive_changed(_: Mapper[Any], __: Any, entity: Any) -> None:
    """Set the derived columns that a changed attribute is a source of."""
    state = inspect(entity)
    for derivation in derivations_of(entity.__table__):
        changed = state.committed_state.keys() & {*derivation.sources}
        if any(state.attrs[name].history.has_changes() for name in changed):
            derive(entity, derivation)


def derive(entity: Any, derivation: Derivation) -> None:
    values = {name: getattr(entity, name) for name in derivation.sources}
    setattr(entity, derivation.name, derivation.value(values))
