"""Merkle tree hash of RFC 6962, section 2.1."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

# Distinct prefixes prevent passing a node off as a leaf (second preimage attack).
LEAF_PREFIX, NODE_PREFIX = b"\x00", b"\x01"


def leaf_hash(line: bytes) -> bytes:
    return sha256(LEAF_PREFIX + line).digest()


def merkle_root(leaves: Iterable[bytes]) -> str:
    level = list(leaves)
    while len(level) > 1:
        level = [node_hash(level[at : at + 2]) for at in range(0, len(level), 2)]
    return level[0].hex() if level else sha256().hexdigest()


def node_hash(pair: Sequence[bytes]) -> bytes:
    """Return the parent of a pair. An unpaired node is promoted unchanged."""
    if len(pair) == 1:
        return pair[0]
    return sha256(NODE_PREFIX + pair[0] + pair[1]).digest()
