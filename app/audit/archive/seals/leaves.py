"""Leaves of a seal: each row's time, id and hash, packed into one value."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.audit.archive.canonical import Key, Row, to_line
from app.audit.archive.seals.merkle import leaf_hash
from app.core.clock import from_ticks, to_ticks

SIZE = 8 + 16 + 32  # of a leaf: microseconds since 1970, id, hash


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a seal knows of one row."""

    at: int
    id: UUID
    digest: bytes

    @property
    def key(self) -> Key:
        return from_ticks(self.at), self.id


def pack(leaves: list[Leaf]) -> bytes:
    return b"".join(
        leaf.at.to_bytes(8, "big", signed=True) + leaf.id.bytes + leaf.digest
        for leaf in leaves
    )


def unpack(packed: bytes) -> list[Leaf]:
    return [unpack_leaf(packed[at : at + SIZE]) for at in range(0, len(packed), SIZE)]


def unpack_leaf(part: bytes) -> Leaf:
    at = int.from_bytes(part[:8], "big", signed=True)
    return Leaf(at, UUID(bytes=part[8:24]), part[24:])


def leaves_of(rows: Iterable[Row]) -> list[Leaf]:
    return [
        Leaf(to_ticks(row["at"]), row["id"], leaf_hash(to_line(row))) for row in rows
    ]
