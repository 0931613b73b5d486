"""Versions with values that can't be shown: they can't be set again either."""

from typing import Any

from app.audit.personal.envelopes import Hidden, key_id
from app.audit.personal.exceptions import HiddenValuesException
from app.core.models import Entity


def check_shown(model: type[Entity], state: dict[str, Any]) -> None:
    """Raise HiddenValuesException if a personal value of the state is hidden.

    Or still encrypted, which it is for a process without the setting.
    """
    values = {name: state.get(name) for name in model.personal}
    if hidden := [name for name, value in values.items() if is_hidden(value)]:
        raise HiddenValuesException(model.__name__, hidden)


def is_hidden(value: Any) -> bool:
    return isinstance(value, Hidden) or key_id(value) is not None
