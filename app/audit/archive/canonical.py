"""A row as bytes, always the same ones, and the hashes that are made of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

# A column that is NULL is left out: a column added later changes no hash of today.
OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
# As in RFC 6962: nobody can pass a pair of hashes off as a row.
LEAF, NODE = b"\x00", b"\x01"

Key = tuple[datetime, UUID]  # the order of both logs: by time, then by id


def to_line(row: Mapping[str, Any]) -> bytes:
    """Return the row as one line of JSON: sorted keys, UTC times, no line end."""
    shown = {name: value for name, value in row.items() if value is not None}
    return orjson.dumps(shown, option=OPTIONS)


def from_line(line: bytes) -> dict[str, Any]:
    row: dict[str, Any] = orjson.loads(line)
    return row


def key_of(row: Mapping[str, Any]) -> Key:
    """Return the place in the log of a row that was read from a line."""
    return datetime.fromisoformat(row["at"]), UUID(row["id"])


def hash_json(values: Mapping[str, Any]) -> str:
    return sha256(orjson.dumps(values, option=OPTIONS)).hexdigest()


def leaf(line: bytes) -> bytes:
    return sha256(LEAF + line).digest()


def merkle_root(leaves: Iterable[bytes]) -> str:
    level = list(leaves)
    while len(level) > 1:
        level = [join(level[at : at + 2]) for at in range(0, len(level), 2)]
    return level[0].hex() if level else sha256().hexdigest()


def join(pair: Sequence[bytes]) -> bytes:
    """Return the node above a pair; one without a partner moves up as it is."""
    return sha256(NODE + pair[0] + pair[1]).digest() if len(pair) > 1 else pair[0]
