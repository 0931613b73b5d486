"""Packed leaves of rows that are in files, made from their lines again."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.audit.archive.canonical import MALFORMED, decode_row, row_key
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.seals.leaves import LEAF_BYTES, Leaf
from app.audit.archive.tree.merkle import leaf_hash
from app.audit.archive.tree.paths import LeafRange
from app.core.clock import to_ticks


class Piece(NamedTuple):
    """Consecutive leaves of the tree, packed, from the index `start` on."""

    start: int
    packed: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.packed) // LEAF_BYTES

    def split(self) -> list[bytes]:
        """Return each leaf, packed."""
        ends = range(LEAF_BYTES, len(self.packed) + 1, LEAF_BYTES)
        return [self.packed[end - LEAF_BYTES : end] for end in ends]


def join_pieces(pieces: Iterable[Piece], run: LeafRange) -> bytes | None:
    """Return the packed leaves of a run; None if any is missing or there twice."""
    at, packed = run.start, b""
    for piece in pieces:
        if piece.start != at:
            return None
        at = piece.end
        packed += piece.packed
    return packed if at == run.end else None


def read_leaves(lines: Iterable[bytes]) -> Iterator[Leaf]:
    try:
        for line in lines:
            at, id = row_key(decode_row(line))
            yield Leaf(to_ticks(at), id, leaf_hash(line))
    except (VerificationException, OSError, *MALFORMED):
        return
