"""Inclusion and consistency paths of RFC 9162: the nodes they need, in order.

Pure arithmetic. A caller loads the nodes that a path needs, then computes its hashes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from app.audit.archive.tree.merkle import fold


@dataclass(frozen=True, slots=True)
class Node:
    """Root of the subtree over leaves [index << level, (index + 1) << level)."""

    level: int
    index: int


class LeafRange(NamedTuple):
    """Leaves [start, end); `start` is a multiple of a power of two >= end - start."""

    start: int
    end: int

    def nodes(self) -> list[Node]:
        """Return the perfect subtrees of the range, the largest first."""
        nodes, start = [], self.start
        while start < self.end:
            level = (self.end - start).bit_length() - 1
            nodes.append(Node(level, start >> level))
            start += 1 << level
        return nodes


ReadNode = Callable[[int, int], bytes]


@dataclass(frozen=True)
class Path:
    """The subtrees whose roots are the hashes of a proof, in the order of the proof."""

    ranges: tuple[LeafRange, ...]

    def nodes(self) -> list[Node]:
        """Return the nodes that `compute` reads."""
        return [node for each in self.ranges for node in each.nodes()]

    def compute(self, read_node: ReadNode) -> tuple[bytes, ...]:
        return tuple(
            fold([read_node(node.level, node.index) for node in each.nodes()])
            for each in self.ranges
        )


def root_path(size: int) -> Path:
    """Return the path whose only hash is the root of a tree of this size."""
    return Path((LeafRange(0, size),))


def inclusion_path(index: int, size: int) -> Path:
    """Return PATH(index, D_size) of section 2.1.3.1."""
    if not 0 <= index < size:
        raise ValueError(f"No leaf {index} in a tree of {size} leaves")
    subtree, siblings = LeafRange(0, size), []
    while subtree.end - subtree.start > 1:
        subtree, sibling = descend(subtree, index)
        siblings.append(sibling)
    return Path(tuple(reversed(siblings)))


def consistency_path(old_size: int, size: int) -> Path:
    """Return PROOF(old_size, D_size) of section 2.1.4.1; without hashes for size 0."""
    if not 0 <= old_size <= size:
        raise ValueError(f"No tree of {old_size} leaves within one of {size} leaves")
    subtree, siblings = LeafRange(0, size), []
    while old_size and subtree.end != old_size:
        subtree, sibling = descend(subtree, old_size - 1)
        siblings.append(sibling)
    # The verifier knows the old root. It is this subtree if the subtree begins at 0.
    if subtree.start > 0:
        siblings.append(subtree)
    return Path(tuple(reversed(siblings)))


def descend(subtree: LeafRange, leaf: int) -> tuple[LeafRange, LeafRange]:
    """Return the child that contains the leaf, and the child's sibling."""
    start, end = subtree
    # The left child has the largest power of two below the size.
    middle = start + (1 << ((end - start - 1).bit_length() - 1))
    left, right = LeafRange(start, middle), LeafRange(middle, end)
    return (left, right) if leaf < middle else (right, left)
