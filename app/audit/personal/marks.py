"""Startup checks for the columns that models mark as personal."""

from sqlalchemy import String

from app.core.db.columns import implementation
from app.core.models import Entity


class UnerasableError(RuntimeError):
    """A personal column can't be encrypted in the log, or not be erased."""


def check_personal(model: type[Entity]) -> None:
    """Raise UnerasableError unless personal columns are texts that can be replaced."""
    columns = model.__table__.c
    for name, rule in model.personal.items():
        where = f"{model.__name__}.personal: {name!r}"
        if name not in columns or name in model.redacted:
            raise UnerasableError(f"{where} is no column that is recorded")
        if not isinstance(implementation(columns[name].type), String):
            raise UnerasableError(f"{where} is no text: only texts are encrypted")
        if rule is None and not columns[name].nullable:
            raise UnerasableError(f"{where} can't be NULL: state another value")
        is_unique = columns[name].unique
        if is_unique and rule is not None and "{id}" not in rule:
            raise UnerasableError(f"{where} is unique: the value must have {{id}}")
