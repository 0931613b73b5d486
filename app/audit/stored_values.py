"""Values that no column accepts, in the canonical encoding of a row.

Only a write past the application leaves them. Each has an encoding of its own, that
is no other value's: `{"as_stored": text}`, where the text begins with what it is.
"""

import json
from dataclasses import dataclass
from math import isfinite
from typing import Any
from uuid import UUID

import orjson

from app.core.db.json_text import InvalidJson

AS_STORED = "as_stored"
BYTES, INVALID = "bytes ", "invalid "


@dataclass(frozen=True)
class AsStored:
    """A value that could not be converted to the type of its column."""

    value: Any


def encodable(value: object) -> object:
    """Return a value as it is, or marked if orjson loses it or does not support it.

    Those are integers over 64 bits, lone surrogates, bytes, documents of many levels,
    and numbers that are not finite.
    """
    if isinstance(value, InvalidJson):
        return {AS_STORED: INVALID + describe(value.stored)}
    if isinstance(value, AsStored):
        return {AS_STORED: describe(value.value)}
    return value if is_supported(value) else {AS_STORED: describe(value)}


def is_supported(value: object) -> bool:
    if isinstance(value, UUID):
        return True
    if isinstance(value, float) and not isfinite(value):
        return False
    if isinstance(value, dict) and value.keys() == {AS_STORED}:
        return False
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def describe(value: Any) -> str:
    if isinstance(value, bytes):
        return BYTES + value.hex()
    return json.dumps(value, sort_keys=True)


def decode_stored(value: Any) -> Any:
    """Return the value that `encodable` has marked."""
    if not isinstance(value, dict) or value.keys() != {AS_STORED}:
        return value
    text: str = value[AS_STORED]
    if text.startswith(INVALID):
        return InvalidJson(parse(text.removeprefix(INVALID)))
    return parse(text)


def parse(text: str) -> Any:
    if text.startswith(BYTES):
        return bytes.fromhex(text.removeprefix(BYTES))
    return json.loads(text)
