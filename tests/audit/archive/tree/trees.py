"""A tree of distinct leaves, with all nodes and heads."""

from hypothesis import strategies as st

from app.audit.archive.tree.frontier import Frontier, append
from app.audit.archive.tree.merkle import TreeHead, leaf_hash, merkle_root

MAX_SIZE = 600
LINES = [f"leaf {number}".encode() for number in range(MAX_SIZE)]
LEAVES = [leaf_hash(line) for line in LINES]
RUNS = append(Frontier(), LEAVES).runs
sizes = st.integers(1, MAX_SIZE)


def read_node(level: int, index: int) -> bytes:
    run = RUNS[level]
    return run.hashes[index - run.start]


def head(size: int) -> TreeHead:
    """Return the head as merkle_root computes it, without paths."""
    return TreeHead(size, bytes.fromhex(merkle_root(LEAVES[:size])))
