"""Checks of values: whether a column stores and returns a value unchanged."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import AutoString
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.db.column_types import FixedDecimal, Money, UtcDateTime

Check = Callable[[Any], bool]

MAX_DIGITS = 15  # SQLite stores decimals as floats
MAX_INT = 2**63 - 1


def check_for(column: sa.Column[Any]) -> Check | None:
    """Return the check of a column's values; None if its rows must be read back."""
    if column.server_default or column.server_onupdate or column.computed:
        return None
    # Not isinstance(): a subclass may convert values.
    make_check = CHECKS.get(type(column.type))
    return make_check and make_check(column.type)


def check_text(kind: Any) -> Check:
    length = kind.length or MAX_INT
    return lambda value: isinstance(value, str) and len(value) <= length


def check_padded_text(kind: Any) -> Check | None:
    if kind.length is None:
        return None
    return lambda value: isinstance(value, str) and len(value) == kind.length


def check_enum(kind: Any) -> Check:
    if kind.enum_class:
        return lambda value: isinstance(value, kind.enum_class)
    return lambda value: value in kind.enums


def check_money(kind: Any) -> Check | None:
    return check_decimal(kind.impl_instance)


def check_decimal(kind: Any) -> Check | None:
    if kind.scale is None or not kind.asdecimal:
        return None
    if kind.precision is None or kind.precision > MAX_DIGITS:
        return None
    limit, unit = Decimal(10) ** (kind.precision - kind.scale), kind.scale

    def check(value: Any) -> bool:
        if type(value) is not Decimal or not value.is_finite() or abs(value) >= limit:
            return False
        return value == round(value, unit) and (value != 0 or not value.is_signed())

    return check


def check_float(kind: Any) -> Check | None:
    if kind.asdecimal or kind.precision is not None:
        return None
    # SQLite stores NaN as NULL.
    return lambda value: type(value) is float and isfinite(value)


def check_instant(_: Any) -> Check:
    return lambda value: isinstance(value, datetime) and value.tzinfo is not None


def check_datetime(kind: Any) -> Check | None:
    if kind.timezone:
        return None
    return lambda value: isinstance(value, datetime) and value.tzinfo is None


def check_time(kind: Any) -> Check | None:
    if kind.timezone:
        return None
    return lambda value: isinstance(value, time) and value.tzinfo is None


def check_uuid(kind: Any) -> Check | None:
    return (lambda value: isinstance(value, UUID)) if kind.as_uuid else None


def check_document(_: Any) -> Check:
    """Return the check of JSON. SQLite converts a document that is one number."""

    def check(value: Any) -> bool:
        if type(value) is int:
            return abs(value) <= MAX_INT
        return isinstance(value, dict | list | str | bool)

    return check


def check_exact(python_type: type) -> Callable[[Any], Check]:
    """Return a factory of checks for one type: no bool as int, no datetime as date."""
    return lambda _: lambda value: type(value) is python_type


CHECKS: dict[type, Callable[[Any], Check | None]] = {
    **dict.fromkeys((sa.String, sa.Text, sa.VARCHAR, sa.TEXT, sa.Unicode), check_text),
    AutoString: check_text,
    sa.CHAR: check_padded_text,
    sa.Enum: check_enum,
    sa.Numeric: check_decimal,
    **dict.fromkeys((FixedDecimal, Money), check_money),
    sa.Float: check_float,
    sa.Double: check_float,
    UtcDateTime: check_instant,
    UTCDateTime: check_instant,
    sa.DateTime: check_datetime,
    sa.Time: check_time,
    sa.Date: check_exact(date),
    sa.Uuid: check_uuid,
    sa.JSON: check_document,
    sa.Boolean: check_exact(bool),
    sa.LargeBinary: check_exact(bytes),
    **dict.fromkeys((sa.Integer, sa.SmallInteger, sa.BigInteger), check_exact(int)),
}
