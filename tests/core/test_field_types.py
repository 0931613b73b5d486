"""Field types of days, URLs and decimals: what they accept, and how it is stored."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.core.db.autogenerate import render_item
from app.core.db.column_types import FixedDecimal, Money
from app.core.field_types.values import Day, Url, decimal_of

DAY, URL = TypeAdapter[date](Day), TypeAdapter[str](Url)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
THOUSANDTHS = TypeAdapter[Decimal](Annotated[Decimal, *decimal_of(3)])


def test_valid_values_are_accepted() -> None:
    assert DAY.validate_python("2026-01-31") == date(2026, 1, 31)
    assert DAY.validate_python(date(2026, 1, 31)) == date(2026, 1, 31)
    for url in ("https://example.com", "http://[::1]:8/a?b#c", "https://a.example/%20"):
        assert URL.validate_python(url) == url
    for text in ("0", "-1.5", "123456789012.345", "-0", "-0.000"):
        value = THOUSANDTHS.validate_python(text)
        assert value == Decimal(text)
        assert not (value.is_signed() and value == 0)
        assert value.as_tuple().exponent == -3


DAYS = "2026-1-31 2026-02-30 20260131 2026-01-31T00:00:00Z 1899-12-31 9999-01-01"
URLS = (
    "example.com javascript:alert(1) https:// ftp://a https://u:p@a.example https://é"
)
DECIMALS = "1.2345 1234567890123 1e3 +1 .5 1. NaN 01 \u0661 - Infinity"


@pytest.mark.parametrize(
    ("adapter", "value"),
    [
        *((DAY, each) for each in (*DAYS.split(), "202\u0666-01-31", 1, NOON, "")),
        *((URL, each) for each in (*URLS.split(), "https://a b", "https://a\n", "")),
        *((THOUSANDTHS, each) for each in (*DECIMALS.split(), 1.5, 1, True, "1\n")),
    ],
)
def test_other_values_are_rejected(adapter: TypeAdapter[Any], value: object) -> None:
    with pytest.raises(ValidationError):
        adapter.validate_python(value)


def test_decimals_are_rendered_in_migrations() -> None:
    rendered = 'sa.Numeric(15, 6).with_variant(sa.Float(), "sqlite")'
    assert render_item("type", FixedDecimal(6), None) == rendered
    assert render_item("type", Money(), None) == rendered.replace("15, 6", "12, 2")
