"""Leaves of a seal: time, id and hash of each row, packed into one value."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.audit.archive.canonical import Row, RowKey, encode_row
from app.audit.archive.rows.reading import key_of
from app.audit.archive.tree.merkle import HASH_LENGTH, leaf_hash
from app.core.clock import from_ticks, to_ticks

MAX_TIME = datetime.max.replace(tzinfo=UTC)
LEAF_BYTES = 8 + 16 + 32  # microseconds since 1970, id, hash


@dataclass(frozen=True, slots=True)
class Leaf:
    """One row of a seal; `at` is in microseconds since 1970."""

    at: int
    id: UUID
    digest: bytes

    @property
    def key(self) -> RowKey:
        """The sort key, with MAX_TIME for a time that no row can have."""
        try:
            return from_ticks(self.at), self.id
        except OverflowError:
            return MAX_TIME, self.id


def pack_leaves(leaves: list[Leaf]) -> bytes:
    return b"".join(
        leaf.at.to_bytes(8, "big", signed=True) + leaf.id.bytes + leaf.digest
        for leaf in leaves
    )


def unpack_leaves(packed: bytes) -> list[Leaf]:
    """Return the leaves; bytes after the last whole leaf are ignored."""
    end = len(packed) - len(packed) % LEAF_BYTES
    return [
        unpack_leaf(packed[at : at + LEAF_BYTES]) for at in range(0, end, LEAF_BYTES)
    ]


def unpack_leaf(part: bytes) -> Leaf:
    at = int.from_bytes(part[:8], "big", signed=True)
    return Leaf(at, UUID(bytes=part[8:24]), part[24:])


def unpack_digests(packed: bytes) -> list[bytes]:
    """Return the hashes of the leaves alone."""
    ends = range(LEAF_BYTES, len(packed) + 1, LEAF_BYTES)
    return [packed[end - HASH_LENGTH : end] for end in ends]


def make_leaves(rows: Iterable[Row]) -> list[Leaf]:
    return [
        Leaf(to_ticks(key_of(row)[0]), row["id"], leaf_hash(encode_row(row)))
        for row in rows
    ]
