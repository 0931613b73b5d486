"""New values of entities, as the database has stored them.

Reading each row back would double the statements. Therefore values of common types are
checked, and rejected if the database would store another value. Rows with a column of
another type, or one that the database computes, are read back.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Connection

from app.audit.changes.guard import UnauditedWriteError
from app.audit.changes.snapshots import Values, column_names, copy_values
from app.audit.changes.values.loaded_rows import read_row
from app.audit.changes.values.value_checks import Check, check_for
from app.core.db.derived.columns import base_columns
from app.core.models import Entity


@cache
def checks_of(model: type[Entity]) -> dict[str, Check] | None:
    """Return the check of each column; None if rows must be read back."""
    checks = {column.key: check_for(column) for column in base_columns(model.__table__)}
    known = {name: check for name, check in checks.items() if check}
    return known if len(known) == len(checks) else None


def written_row(
    entity: Entity,
    connection: Connection,
    names: Iterable[str] | None = None,
    before: Values | None = None,
) -> Values:
    """Return the row after an INSERT, or after an UPDATE of these columns.

    Raises:
        UnauditedWriteError: the database stores another value than the entity has.
    """
    model, values = type(entity), entity.__dict__
    names = column_names(model) if names is None else names
    checks = checks_of(model)
    if checks is None or any(name not in values for name in names):
        return read_row(entity, connection)
    for name in names:
        value = values[name]
        if value is not None and not checks[name](value):
            raise unfaithful(model, name, value)
    written = copy_values(model, {name: values[name] for name in names})
    return {**before, **written} if before else written


def unfaithful(model: type[Entity], name: str, value: Any) -> UnauditedWriteError:
    return UnauditedWriteError(
        f"{model.__name__}.{name} is {model.__table__.c[name].type!r}, which does not "
        f"store this {type(value).__name__} unchanged: convert or round it before"
    )
