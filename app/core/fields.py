"""Field types of the wire schemas: what JSON and queries have no type for."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, EmailStr, Field, WithJsonSchema

from app.core.text import email_key, one_line

AMOUNT = r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$"
WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
YEARS = range(1900, 9999)
INT32 = 2**31 - 1
LONGEST_EMAIL = 254


def parse_amount(value: Any) -> Decimal:
    if isinstance(value, str) and re.fullmatch(AMOUNT, value, re.ASCII):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise ValueError('An amount is a decimal string, such as "19.99"')
    return value.quantize(Decimal("0.01"))


def parse_whole(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(WHOLE, value):
        return int(value)
    if type(value) is int:
        return value
    raise ValueError("A whole number is written in plain digits")


def parse_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise ValueError("A flag is true or false")


def parse_instant(value: Any) -> datetime:
    if isinstance(value, str) and INSTANT.fullmatch(value.upper()):
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("An instant is written as 2026-01-31T09:30:00Z (RFC 3339)")
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("The instant is out of range") from None
    if instant.year not in YEARS:
        raise ValueError(f"The year must be {YEARS.start} to {YEARS.stop - 1}")
    return instant


def refuse_name(address: Any) -> Any:
    """Pydantic would take `Ada <ada@example.com>` as well, and drop the name."""
    if isinstance(address, str) and "<" in address:
        raise ValueError("An address is written without a name")
    return address


def check_email(address: str) -> str:
    if len(email_key(address)) > LONGEST_EMAIL:
        raise ValueError(f"An address has {LONGEST_EMAIL} characters at most")
    return address


Id = Annotated[UUID, Field(strict=False)]
# One spelling of an amount, so that POST, GET and the audit all say 1.50.
Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=2),
    BeforeValidator(parse_amount),
    WithJsonSchema({"type": "string", "pattern": AMOUNT, "examples": ["19.99"]}),
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
    Field(max_length=LONGEST_EMAIL, examples=["ada@example.com"]),
    BeforeValidator(refuse_name),
    AfterValidator(check_email),
]
# For a column: what PostgreSQL's integer holds.
Count = Annotated[int, Field(ge=0, le=INT32, examples=[12])]
# For a query, which knows no types: 1_000, +1 and 1.0 are not numbers there.
Whole = Annotated[int, BeforeValidator(parse_whole)]
Flag = Annotated[bool, BeforeValidator(parse_flag)]
# For a name: no line breaks, nothing invisible.
Line = Annotated[str, AfterValidator(one_line)]
