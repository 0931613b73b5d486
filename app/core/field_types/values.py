"""Field types of days, URLs and decimals, for the schemas of generated domains."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from app.core.fields import YEARS

DAY_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
DIGITS = 15  # as many as SQLite stores exactly


def parse_day(value: Any) -> date:
    if isinstance(value, str) and re.fullmatch(DAY_PATTERN, value, re.ASCII):
        value = date.fromisoformat(value)
    if type(value) is not date or value.year not in YEARS:
        raise ValueError("Date must be a day such as 2026-01-31, of 1900 to 9998")
    return value


def check_url(url: str) -> str:
    """Reject what is no absolute URL of the web, or contains a password."""
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
    ):
        raise ValueError("URL must begin with http:// or https:// and a host")
    return url


def decimal_of(places: int) -> tuple[Any, ...]:
    """Return the metadata of a decimal of 15 digits, which JSON has as a string."""
    pattern = rf"^-?(0|[1-9][0-9]{{0,{DIGITS - 1 - places}}})(\.[0-9]{{1,{places}}})?$"

    def parse(value: Any) -> Decimal:
        if isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII):
            value = Decimal(value)
        if not isinstance(value, Decimal):
            raise ValueError(f"Decimal must be a string with {places} places or fewer")
        rounded = value.quantize(Decimal(1).scaleb(-places))
        return rounded or abs(rounded)  # no -0

    schema = {"type": "string", "pattern": pattern, "examples": ["1.5"]}
    return BeforeValidator(parse), WithJsonSchema(schema)


Day = Annotated[
    date,
    BeforeValidator(parse_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-24"]}),
]
Url = Annotated[
    str,
    StringConstraints(max_length=2_000, pattern=r"^[!-~]+$"),
    AfterValidator(check_url),
    Field(json_schema_extra={"format": "uri"}, examples=["https://example.com/"]),
]
