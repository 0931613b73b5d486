"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, Float, Numeric, TypeDecorator
from sqlalchemy.types import TypeEngine


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

    # Not process_result_value: a list reads a hundred instants, and PostgreSQL's driver
    # answers in UTC already.
    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        if dialect.name == "sqlite":
            return lambda text: (
                text and datetime.fromisoformat(text).replace(tzinfo=UTC)
            )
        return super().result_processor(dialect, coltype)


class Money(TypeDecorator[Decimal]):
    """Twelve digits, two of them cents.

    SQLite has no decimals, but its floats hold fifteen digits: none is lost.
    """

    impl = Numeric(12, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        cents = Float(asdecimal=True, decimal_return_scale=2)
        kind = cents if dialect.name == "sqlite" else self.impl_instance
        return dialect.type_descriptor(kind)


def choice(options: type[StrEnum]) -> Enum:
    """A column of the enum's values; by default SQLAlchemy would store the names."""
    return Enum(
        options,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=20,
    )
