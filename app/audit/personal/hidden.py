"""Versions with values that can't be shown: they can't be set again either."""

from typing import Any

from app.audit.personal.envelopes import Hidden, key_id
from app.audit.personal.exceptions import HiddenValuesException
from app.core.models import Entity


def check_shown(keys: str, model: type[Entity], state: dict[str, Any]) -> None:
    """Raise HiddenValuesException if a value of the state is hidden.

    Or still encrypted, which it is for a process without the URL of the `keys`.
    """
    names = {name for name, value in state.items() if isinstance(value, Hidden)}
    if not keys:
        names |= {it for it in model.personal if key_id(state.get(it)) is not None}
    if names:
        raise HiddenValuesException(model.__name__, names)
