"""Field types of request schemas, for values that JSON has no type for."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    EmailStr,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from app.core.text import check_single_line, email_key

AMOUNT_PATTERN = r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$"
INTEGER_PATTERN = r"^(0|-?[1-9][0-9]{0,17})$"
RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
YEARS = range(1900, 9999)
INT32 = 2**31 - 1
MAX_EMAIL_LENGTH = 254


def parse_amount(value: Any) -> Decimal:
    if isinstance(value, str) and re.fullmatch(AMOUNT_PATTERN, value, re.ASCII):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise ValueError('Amount must be a decimal string, such as "19.99"')
    return value.quantize(Decimal("0.01"))


def parse_int(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(INTEGER_PATTERN, value):
        return int(value)
    if type(value) is int:
        return value
    raise ValueError("Integer must be written in decimal digits")


def parse_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise ValueError("Boolean must be true or false")


def parse_instant(value: Any) -> datetime:
    if isinstance(value, str) and RFC3339.fullmatch(value.upper()):
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("Time must be as in RFC 3339, such as 2026-01-31T09:30:00Z")
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("Time is out of range") from None
    if instant.year not in YEARS:
        raise ValueError(f"Year must be {YEARS.start} to {YEARS.stop - 1}")
    return instant


def reject_display_name(address: Any) -> Any:
    """Reject `Ada <ada@example.com>`, which Pydantic accepts without the name."""
    if isinstance(address, str) and "<" in address:
        raise ValueError("E-mail address must not include a display name")
    return address


def check_email(address: str) -> str:
    if len(email_key(address)) > MAX_EMAIL_LENGTH:
        raise ValueError(f"E-mail address exceeds {MAX_EMAIL_LENGTH} characters")
    return address


Id = Annotated[
    UUID, Field(strict=False, examples=["018f3c1e-7a2b-7c3d-8e4f-0123456789ab"])
]
# Quantized, so that requests, responses and the audit all have 1.50.
Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=2),
    BeforeValidator(parse_amount),
    WithJsonSchema(
        {"type": "string", "pattern": AMOUNT_PATTERN, "examples": ["19.99"]}
    ),
]
Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-12-24T18:00:00Z"]}
    ),
]
Email = Annotated[
    EmailStr,
    Field(max_length=MAX_EMAIL_LENGTH, examples=["ada@example.com"]),
    BeforeValidator(reject_display_name),
    AfterValidator(check_email),
]
# PostgreSQL's integer has 32 bits.
Count = Annotated[int, Field(ge=0, le=INT32, examples=[12])]
# Query parameters are strings: reject 1_000, +1, 1.0 and yes, which Pydantic accepts.
QueryInt = Annotated[int, BeforeValidator(parse_int)]
QueryCount = Annotated[Count, BeforeValidator(parse_int)]
QueryBool = Annotated[bool, BeforeValidator(parse_bool)]
# For names: no line breaks or invisible characters.
SINGLE_LINE = AfterValidator(check_single_line)
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200), SINGLE_LINE]
