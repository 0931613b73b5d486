"""Merkle trees: one hash that vouches for many rows. The tree is that of RFC 6962."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

# Two kinds of prefix: nobody can pass a pair of hashes off as a row.
LEAF, NODE = b"\x00", b"\x01"


def leaf_hash(line: bytes) -> bytes:
    return sha256(LEAF + line).digest()


def merkle_root(leaves: Iterable[bytes]) -> str:
    level = list(leaves)
    while len(level) > 1:
        level = [join(level[at : at + 2]) for at in range(0, len(level), 2)]
    return level[0].hex() if level else sha256().hexdigest()


def join(pair: Sequence[bytes]) -> bytes:
    """Return the node above a pair; one without a partner moves up as it is."""
    return sha256(NODE + pair[0] + pair[1]).digest() if len(pair) > 1 else pair[0]
