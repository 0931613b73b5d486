"""A tree of distinct leaves, with all nodes and heads."""

from hypothesis import strategies as st

from app.audit.archive.tree.frontier import Frontier, append
from app.audit.archive.tree.merkle import TreeHead, leaf_hash, merkle_root
from app.audit.archive.tree.paths import ReadNode, root_path
from app.audit.archive.tree.tiles import HEIGHT, WIDTH, TileId

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


def read_frontier(size: int, read: ReadNode) -> Frontier:
    nodes = root_path(size).nodes()
    return Frontier(size, tuple(read(node.level, node.index) for node in nodes))


def tile_width(tile: TileId, size: int) -> int:
    """Return the number of hashes that a tile holds in a tree of this size."""
    nodes = size >> (HEIGHT * tile.level)
    return min(max(nodes - tile.index * WIDTH, 0), WIDTH)
