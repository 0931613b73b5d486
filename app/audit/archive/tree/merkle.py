"""Merkle tree hash of RFC 9162, section 2.1; the same as that of RFC 6962."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

# Distinct prefixes prevent passing a node off as a leaf (second preimage attack).
LEAF_PREFIX, NODE_PREFIX = b"\x00", b"\x01"
HASH_LENGTH = 32
EMPTY_ROOT = sha256().digest()


class TreeHead(NamedTuple):
    """A version of a tree. Only a signature binds the size to the root."""

    size: int
    root: bytes


def leaf_hash(line: bytes) -> bytes:
    return sha256(LEAF_PREFIX + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(NODE_PREFIX + left + right).digest()


def hash_pairs(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the parents of all complete pairs. Drops an unpaired last hash."""
    pairs = zip(hashes[::2], hashes[1::2], strict=False)
    return [sha256(NODE_PREFIX + left + right).digest() for left, right in pairs]


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over perfect subtrees, given from the largest to the smallest."""
    if not hashes:
        return EMPTY_ROOT
    *larger, root = hashes
    for left in reversed(larger):
        root = node_hash(left, root)
    return root


def merkle_root(leaves: Iterable[bytes]) -> str:
    level = list(leaves)
    while len(level) > 1:
        unpaired = level[-1:] if len(level) % 2 else []
        level = hash_pairs(level) + unpaired
    return fold(level).hex()
