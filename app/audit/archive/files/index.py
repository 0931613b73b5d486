"""Where in a file is an entity, an actor or a request? A small index beside each file.

The index is derived from its file, for speed only. It is a list of 64-bit numbers: how
many blocks there are, where each begins and the last one ends, and then, sorted, the
32-bit checksum of each id with the block that it is in. A miss is certain; a hit may be
chance, and then a block is read in vain.
"""

import gzip
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

from app.audit.archive.canonical import Row

COLUMNS = (
    "entity_id",
    "actor_id",
    "actor_label",
    "user_id",
    "user_label",
    "request_id",
)
BITS = 16  # for the number of a block
FAST = 1


def keys_of(row: Row) -> Iterator[int]:
    for column in COLUMNS:
        if value := row.get(column):
            yield crc32(str(value).encode())


def pack_index(ends: list[int], places: Iterable[tuple[int, int]]) -> bytes:
    """Pack where blocks end, and which key is in which block."""
    keys = sorted(key << BITS | block for key, block in places)
    numbers = array("Q", [len(ends), 0, *ends, *keys])
    return gzip.compress(portable(numbers).tobytes(), FAST, mtime=0)


@dataclass(frozen=True)
class Index:
    numbers: "array[int]"

    @classmethod
    def read(cls, packed: bytes) -> "Index":
        numbers = array("Q")
        numbers.frombytes(gzip.decompress(packed))
        return cls(portable(numbers))

    def blocks_with(self, value: str) -> set[int]:
        """Return the blocks that may have this value in one of the COLUMNS."""
        wanted = crc32(value.encode()) << BITS
        first = bisect_left(self.numbers, wanted, lo=self.numbers[0] + 2)
        last = bisect_left(self.numbers, wanted + (1 << BITS), lo=first)
        return {number & ((1 << BITS) - 1) for number in self.numbers[first:last]}

    def extent(self, block: int) -> tuple[int, int]:
        """Return where a block begins in the file, and where it ends."""
        return self.numbers[block + 1], self.numbers[block + 2]


def portable(numbers: "array[int]") -> "array[int]":
    """Turn between this machine's byte order and the files', which is little-endian."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
