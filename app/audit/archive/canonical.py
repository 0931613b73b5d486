"""Canonical JSON encoding of rows, and hashes of it."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from app.audit.stored_values import encodable

JSON_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
ROW_OPTIONS = JSON_OPTIONS | orjson.OPT_PASSTHROUGH_SUBCLASS
# In a line of orjson they may stand for a document like a mark, or for infinity.
NUMBERS = (b'"duration_ms":null', b'"new":null', b'"old":null')
AMBIGUOUS = (b'{"as_stored":', *NUMBERS)

Row = dict[str, Any]
# Raised for a line that is JSON, or not even that, but no row.
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
RowKey = tuple[datetime, UUID]  # `at` and `id`, the sort order of both logs


def encode_row(row: Mapping[str, Any]) -> bytes:
    """Return the row as one line of JSON: sorted keys, UTC times, no newline.

    NULL columns are omitted, so that a column added later changes no existing hash. So
    is the number of the transaction, which is the database's and not the row's. Two
    rows with other values have other lines.
    """
    values = {name: value for name, value in row.items() if value is not None}
    values.pop("transaction_id", None)
    try:
        line = orjson.dumps(values, default=json_default, option=ROW_OPTIONS)
    except TypeError:
        line = b""
    if line and not any(each in line for each in AMBIGUOUS):
        return line
    return encode_json({name: encodable(values[name]) for name in values})


def encode_json(values: Mapping[str, Any]) -> bytes:
    return orjson.dumps(values, default=json_default, option=JSON_OPTIONS)


def json_default(value: object) -> str:
    """Encode asyncpg's subclass of UUID, which orjson does not support."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"Type not supported in a log row: {type(value)}")


def decode_row(line: bytes) -> dict[str, Any]:
    row: dict[str, Any] = orjson.loads(line)
    return row


def row_key(row: Mapping[str, Any]) -> RowKey:
    """Return the sort key of a decoded row."""
    return datetime.fromisoformat(row["at"]), UUID(row["id"])


def hash_json(values: Mapping[str, Any]) -> str:
    return sha256(encode_json(values)).hexdigest()
