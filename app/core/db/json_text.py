"""JSON texts of the database: canonical when written, tolerant when read."""

import json
from decimal import Decimal
from typing import Any

import orjson
from pydantic_core import PydanticSerializationError, to_json

INVALID_JSON = "invalid_json"
OTHER = object()


class InvalidJson(dict[str, Any]):
    """The document `{"invalid_json": text}`; `stored` is the text, or a blob."""

    def __init__(self, stored: Any) -> None:
        text = stored if isinstance(stored, str) else repr(stored)
        super().__init__({INVALID_JSON: text})
        self.stored = stored


def dump_json(document: Any) -> Any:
    """Return a JSON text; decimals become strings, datetimes ISO 8601."""
    if isinstance(document, InvalidJson):
        return document.stored
    try:
        text = to_json(document, bytes_mode="base64", inf_nan_mode="strings")
    except PydanticSerializationError:
        return json.dumps(document)  # a lone surrogate, or many levels
    return text.decode()


def load_json(text: Any) -> Any:
    """Parse a JSON text; one that is malformed becomes `{"invalid_json": text}`.

    So does one whose values would be lost: a name that an object has twice, a number
    that no float is. Only a write past the application stores such a text.
    One bad row must stop neither the sealing of the audit log nor its readers.
    """
    if isinstance(text, bytes):  # a blob, in a column of SQLite
        return InvalidJson(text)
    if not isinstance(text, str):
        raise TypeError(f"{type(text)} is no text")
    try:
        encoded = text.encode()  # a byte that is no UTF-8 is not an escaped surrogate
        found = load_canonical(encoded)
        return DECODER.decode(text) if found is OTHER else found
    except (ValueError, ArithmeticError, RecursionError):
        return InvalidJson(text)


def load_canonical(text: bytes) -> Any:
    """Return the document of a text as `dump_json` writes it, or OTHER.

    Nothing is lost if the document is encoded as the same text again. That takes a
    quarter of the time of DECODER, which decides about all other texts.
    """
    try:
        found = orjson.loads(text)
        return found if orjson.dumps(found) == text else OTHER
    except (ValueError, TypeError):  # they concern nesting and numbers, too
        return OTHER


def reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON (RFC 8259)")


def make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is used twice")
    return found


def parse_float(text: str) -> float:
    number = float(text)
    if repr(number) != text and Decimal(repr(number)) != Decimal(text):
        raise ValueError(f"{text} is not exactly a float")
    return number


# json.loads() would make a decoder for each text, which takes longer than parsing it.
DECODER = json.JSONDecoder(
    parse_constant=reject_constant,
    object_pairs_hook=make_object,
    parse_float=parse_float,
)
