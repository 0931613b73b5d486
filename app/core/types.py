"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, Float, Numeric, TypeDecorator
from sqlalchemy.types import TypeEngine

CENT = Decimal("0.01")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC. SQLite forgets the time zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A datetime without a time zone is not an instant")
        return value.astimezone(UTC)

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        # PostgreSQL's driver answers in UTC already.
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Money(TypeDecorator[Decimal]):
    """Twelve digits, two of them cents.

    SQLite has no decimals, but its floats hold fifteen digits: none is lost.
    """

    impl = Numeric(12, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = Numeric(12, 2)
        return dialect.type_descriptor(Float() if dialect.name == "sqlite" else kind)

    def process_bind_param(
        self, value: Decimal | None, dialect: Dialect
    ) -> Decimal | float | None:
        if value is None or dialect.name != "sqlite":
            return value
        return float(value)

    def process_result_value(
        self, value: Decimal | float | None, dialect: Dialect
    ) -> Decimal | None:
        return None if value is None else Decimal(value).quantize(CENT)


def choice(options: type[StrEnum]) -> Enum:
    """A column of the enum's values; by default SQLAlchemy would store the names."""
    return Enum(
        options,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=20,
    )
