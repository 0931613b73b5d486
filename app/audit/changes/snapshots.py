"""Snapshots of column values for the change log: canonical, with secrets redacted."""

import hmac
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Column

from app.core.models import Entity

Values = Mapping[str, Any]
MUTABLE = dict, list, set, bytearray


@cache
def column_names(model: type[Entity]) -> tuple[str, ...]:
    return tuple(model.__table__.c.keys())


def copy_values(model: type[Entity], values: Values) -> dict[str, Any]:
    """Copy the columns among the values, and documents deeply."""
    names = (name for name in column_names(model) if name in values)
    return {name: copy(values[name]) for name in names}


def copy(value: Any) -> Any:
    return deepcopy(value) if isinstance(value, MUTABLE) else value


def snapshot(model: type[Entity], values: Values, salt: bytes) -> dict[str, Any] | None:
    """Return the values for `old` or `new`; None if there are none."""
    columns = model.__table__.c
    return {
        name: redact(value, salt + name.encode())
        if name in model.redacted
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
