"""A row as bytes, always the same ones, and the hashes that are made of them."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

# A column that is NULL is left out: a column added later changes no hash of today.
OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z

Row = dict[str, Any]
Key = tuple[datetime, UUID]  # the order of both logs: by time, then by id


def to_line(row: Mapping[str, Any]) -> bytes:
    """Return the row as one line of JSON: sorted keys, UTC times, no line end."""
    return to_json({name: value for name, value in row.items() if value is not None})


def to_json(values: Mapping[str, Any]) -> bytes:
    return orjson.dumps(values, default=spell, option=OPTIONS)


def spell(value: object) -> str:
    """Spell what PostgreSQL's driver has its own type for."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value)} has no place in a log")


def from_line(line: bytes) -> dict[str, Any]:
    row: dict[str, Any] = orjson.loads(line)
    return row


def key_of(row: Mapping[str, Any]) -> Key:
    """Return the place in the log of a row that was read from a line."""
    return datetime.fromisoformat(row["at"]), UUID(row["id"])


def hash_json(values: Mapping[str, Any]) -> str:
    return sha256(to_json(values)).hexdigest()
