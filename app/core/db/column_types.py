"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, Float, Numeric, TypeDecorator
from sqlalchemy.types import TypeEngine

LENGTH = len("2026-11-23 12:00:00.000000")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetime in UTC. SQLite stores no time zone, so restore it on load."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        return None if value is None else to_utc(value)

    def bind_processor(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return format_utc
        return super().bind_processor(dialect)

    # Not process_result_value, which costs a call per value: PostgreSQL's driver
    # returns UTC already.
    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        if dialect.name == "sqlite":
            return parse_utc
        return super().result_processor(dialect, coltype)


class FixedDecimal(TypeDecorator[Decimal]):
    """Decimal of 15 digits or fewer, with a fixed number of them after the point.

    SQLite has no decimal type, but its floats are exact to 15 digits.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, places: int, digits: int = 15) -> None:
        super().__init__(digits, places)
        self.places, self.digits = places, digits

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        number = Float(asdecimal=True, decimal_return_scale=self.places)
        kind = number if dialect.name == "sqlite" else self.impl_instance
        return dialect.type_descriptor(kind)


def format_utc(at: datetime | None) -> str | None:
    """Return a time as SQLAlchemy writes it to SQLite, in a third of the time."""
    return None if at is None else to_utc(at).isoformat(" ", "microseconds")[:LENGTH]


def to_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("Naive datetime given; a time zone is required")
    return at.astimezone(UTC)


def parse_utc(text: str | None) -> datetime | None:
    """Return a time of SQLite, which stores no time zone; one with a zone is wrong."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is not None:
        raise ValueError(f"{text!r} has a time zone")
    return at.replace(tzinfo=UTC)


class Money(FixedDecimal):
    """Decimal of 12 digits, 2 of them after the point."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(2, 12)


def enum_column(options: type[StrEnum]) -> Enum:
    """Return a column type that stores the enum's values, not its member names."""
    return Enum(
        options,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=20,
    )
