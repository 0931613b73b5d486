"""Which files may tell of an entity, an actor or a request? A small index beside each.

Sorted 32-bit checksums of all ids in the file: a miss is certain, a hit may be chance
(once in 40 000 files), and then the file is read in vain.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any
from zlib import crc32

COLUMNS = (
    "entity_id",
    "actor_id",
    "actor_label",
    "user_id",
    "user_label",
    "request_id",
)


def keys_of(row: dict[str, Any]) -> Iterable[int]:
    for column in COLUMNS:
        if value := row.get(column):
            yield checksum(str(value))


def checksum(text: str) -> int:
    return crc32(text.encode())


def pack_keys(keys: Iterable[int]) -> bytes:
    return portable(array("I", sorted(keys))).tobytes()


def may_contain(packed: bytes, text: str) -> bool:
    keys = array("I")
    keys.frombytes(packed)
    keys = portable(keys)
    wanted = checksum(text)
    place = bisect_left(keys, wanted)
    return place < len(keys) and keys[place] == wanted


def portable(keys: "array[int]") -> "array[int]":
    """Turn between this machine's byte order and the files', which is little-endian."""
    if sys.byteorder == "big":
        keys.byteswap()
    return keys
