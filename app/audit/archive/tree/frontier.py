"""Appending to a tree of which only the right edge is known (a compact range)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.audit.archive.tree.merkle import TreeHead, fold, hash_pairs
from app.audit.archive.tree.paths import Node, ReadNode, root_path


@dataclass(frozen=True)
class Frontier:
    """Roots of the perfect subtrees that a tree consists of, the largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    @property
    def head(self) -> TreeHead:
        return TreeHead(self.size, fold(self.hashes))


class NodeRun(NamedTuple):
    """Hashes of consecutive nodes of one level, from the index `start` on."""

    level: int
    start: int
    hashes: Sequence[bytes]


class Growth(NamedTuple):
    """Result of an append: the new frontier, and all new nodes from the leaves up."""

    frontier: Frontier
    runs: list[NodeRun]


def frontier_nodes(size: int) -> list[Node]:
    """Return the nodes that `read_frontier` reads."""
    return root_path(size).nodes()


def read_frontier(size: int, read_node: ReadNode) -> Frontier:
    nodes = frontier_nodes(size)
    return Frontier(size, tuple(read_node(node.level, node.index) for node in nodes))


def append(frontier: Frontier, leaves: Sequence[bytes]) -> Growth:
    """Append leaf hashes. Takes about 1 s for a million."""
    levels = (node.level for node in frontier_nodes(frontier.size))
    edge = dict(zip(levels, frontier.hashes, strict=True))
    runs: list[NodeRun] = []
    start, hashes = frontier.size, leaves
    while hashes:
        level = len(runs)
        runs.append(NodeRun(level, start, hashes))
        if start % 2:
            hashes = [edge.pop(level), *hashes]
        if len(hashes) % 2:
            edge[level] = hashes[-1]
        start, hashes = start // 2, hash_pairs(hashes)
    smallest_last = tuple(edge[level] for level in sorted(edge, reverse=True))
    return Growth(Frontier(frontier.size + len(leaves), smallest_last), runs)
