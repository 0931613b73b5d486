"""Index of a file's blocks by entity, actor and request.

The index is derived from its file and only speeds up queries. Format: gzip of 64-bit
little-endian integers: the number of blocks, the offset of each block, the end of the
last one, then sorted entries of CRC-32 of a value << 16 | block number. A CRC collision
gives a false positive, never a false negative.
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
BLOCK_BITS = 16
COMPRESSION_LEVEL = 1


def index_entries(row: Row, block: int) -> Iterator[int]:
    for column in COLUMNS:
        if value := row.get(column):
            key = crc32(str(value).encode(errors="surrogateescape"))
            yield key << BLOCK_BITS | block


def pack_index(block_ends: list[int], entries: Iterable[int]) -> bytes:
    """Encode the end offset of each block, and the entries of their rows."""
    numbers = array("Q", [len(block_ends), 0, *block_ends, *sorted(entries)])
    return gzip.compress(
        swap_if_big_endian(numbers).tobytes(), COMPRESSION_LEVEL, mtime=0
    )


@dataclass(frozen=True)
class Index:
    numbers: "array[int]"

    @classmethod
    def unpack(cls, packed: bytes) -> "Index":
        numbers = array("Q")
        numbers.frombytes(gzip.decompress(packed))
        return cls(swap_if_big_endian(numbers))

    def find_blocks(self, value: str) -> set[int]:
        """Return the numbers of blocks that may have this value in one of COLUMNS."""
        wanted = crc32(value.encode()) << BLOCK_BITS
        first = bisect_left(self.numbers, wanted, lo=self.numbers[0] + 2)
        last = bisect_left(self.numbers, wanted + (1 << BLOCK_BITS), lo=first)
        return {number & ((1 << BLOCK_BITS) - 1) for number in self.numbers[first:last]}

    def block_extent(self, block: int) -> tuple[int, int]:
        """Return the start and end offset of a block, in bytes."""
        return self.numbers[block + 1], self.numbers[block + 2]


def swap_if_big_endian(numbers: "array[int]") -> "array[int]":
    """Convert, in place, between the native byte order and little-endian."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
