"""Versions with values that can't be shown: they can't be set again either."""

from typing import Any

from app.audit.personal.envelopes import Hidden, key_id
from app.audit.personal.exceptions import HiddenValuesException
from app.core.db.personal.key_urls import key_url_of
from app.core.db.session import DatabaseSession
from app.core.models import Entity


def check_shown(
    session: DatabaseSession, model: type[Entity], state: dict[str, Any]
) -> None:
    """Raise HiddenValuesException if a value of the state is hidden.

    Or still encrypted, which it is for a process without PERSONAL_KEYS_URL.
    """
    names = {name for name, value in state.items() if isinstance(value, Hidden)}
    if not key_url_of(session):
        names |= {it for it in model.personal if key_id(state.get(it)) is not None}
    if names:
        raise HiddenValuesException(model.__name__, names)
