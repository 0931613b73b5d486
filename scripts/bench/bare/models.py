"""Product table in plain SQLAlchemy."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import DateTime, Dialect, Float, Numeric, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7


def now() -> datetime:
    return datetime.now(UTC)


class SqliteInstant(TypeDecorator[datetime]):
    """Datetime in UTC for SQLite, which stores no time zone."""

    impl = DateTime
    cache_ok = True

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


Instant = DateTime(timezone=True).with_variant(SqliteInstant(), "sqlite")
Cents = Float(asdecimal=True, decimal_return_scale=2)
Money = Numeric(12, 2).with_variant(Cents, "sqlite")


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "product"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    updated_at: Mapped[datetime] = mapped_column(Instant, default=now, onupdate=now)
    sku: Mapped[str]
    name: Mapped[str]
    description: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Money)
    stock: Mapped[int]
    is_active: Mapped[bool]

    __mapper_args__ = {"version_id_col": version}
