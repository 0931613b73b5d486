"""Column types: times are written to SQLite as SQLAlchemy writes them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import DateTime
from sqlalchemy.dialects import sqlite

from app.core.db.column_types import UtcDateTime, format_utc, parse_utc

WRITTEN = DateTime().dialect_impl(sqlite.dialect()).bind_processor(sqlite.dialect())
DAY = datetime(2026, 11, 23, 12, 30, 5, 7, UTC)


@pytest.mark.parametrize(
    "at",
    [
        *(DAY, DAY.replace(microsecond=0), DAY.replace(year=9)),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        DAY.astimezone(timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_a_time_is_written_to_sqlite_as_sqlalchemy_writes_it(at: datetime) -> None:
    assert WRITTEN
    text = format_utc(at)
    assert text == WRITTEN(at.astimezone(UTC))
    assert parse_utc(text) == at


def test_a_time_without_a_zone_is_not_written() -> None:
    bind = UtcDateTime().bind_processor(sqlite.dialect())
    assert bind(None) is None
    with pytest.raises(ValueError, match="Naive"):
        bind(DAY.replace(tzinfo=None))
