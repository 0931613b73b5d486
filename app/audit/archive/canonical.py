"""Canonical JSON encoding of rows, and hashes of it."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

JSON_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z

Row = dict[str, Any]
# Raised for a line that is JSON, or not even that, but no row.
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
RowKey = tuple[datetime, UUID]  # `at` and `id`, the sort order of both logs


def encode_row(row: Mapping[str, Any]) -> bytes:
    """Return the row as one line of JSON: sorted keys, UTC times, no newline.

    NULL columns are omitted, so that a column added later changes no existing hash. So
    is the number of the transaction, which is the database's and not the row's.
    """
    values = {name: value for name, value in row.items() if value is not None}
    values.pop("transaction_id", None)
    try:
        return encode_json(values)
    except TypeError:
        return encode_json({name: encodable(values[name]) for name in values})


def encode_json(values: Mapping[str, Any]) -> bytes:
    return orjson.dumps(values, default=json_default, option=JSON_OPTIONS)


def encodable(value: object) -> object:
    """Return a value as it is, or as text if orjson does not support it.

    Only a write past the application leaves such values: integers over 64 bits, lone
    surrogates, bytes. They are sealed as well: one bad row must not stop the sealing.
    """
    try:
        encode_json({"": value})
    except TypeError:
        return json.dumps(value, sort_keys=True, default=repr)
    return value


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
