"""Snapshots of column values for the change log: canonical, with secrets redacted."""

import hmac
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Column

from app.core.db.derived.columns import base_columns
from app.core.models import Entity

Values = Mapping[str, Any]
MUTABLE = dict, list, set, bytearray
UNCHANGED = frozenset({str, int, bool, UUID, type(None)})  # canonical already


@cache
def column_names(model: type[Entity]) -> tuple[str, ...]:
    return tuple(column.key for column in base_columns(model.__table__))


def copy_values(model: type[Entity], values: Values) -> dict[str, Any]:
    """Copy the columns among the values, and documents deeply."""
    found = {name: values[name] for name in column_names(model) if name in values}
    mutable = [name for name, value in found.items() if isinstance(value, MUTABLE)]
    return found | {name: deepcopy(found[name]) for name in mutable}


def snapshot(model: type[Entity], values: Values, salt: bytes) -> dict[str, Any] | None:
    """Return the values for `old` or `new`; None if there are none."""
    columns = model.__table__.c
    return {
        name: redact(value, salt + name.encode())
        if name in model.redacted
        else value
        if type(value) in UNCHANGED
        else canonical(value, columns[name])
        for name, value in values.items()
    } or None


def canonical(value: Any, column: Column[Any]) -> Any:
    """Return the value as the database returns it: in UTC, with the column's scale."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value
    if isinstance(value, Decimal):
        scale = getattr(column.type, "scale", None)
        return value if scale is None else value.quantize(Decimal(1).scaleb(-scale))
    return value


def redact(value: Any, salt: bytes) -> str | None:
    """Return a keyed hash, which reveals only if two values of a record are equal."""
    if value is None:
        return None
    return f"hmac:{hmac.digest(salt, to_json(value), sha256).hex()}"
