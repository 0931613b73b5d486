"""A seal with its leaves, compared with the tree that they were appended to."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from app.audit.archive.checkpoints.growth import frontier_of
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.proven.old_seals import find_leaf_error
from app.audit.archive.seals.leaves import Leaf
from app.audit.archive.tree.frontier import Frontier, Growth, append
from app.audit.archive.tree.paths import root_path


@dataclass(frozen=True)
class SealedRun:
    """A seal with its leaves, and the tree `before` that they were appended to.

    `old_seals` are the leaves of a tree that begins with the seals of former releases.
    """

    seal: AuditSeal
    leaves: Sequence[Leaf]
    before: Frontier
    old_seals: Sequence[bytes] = ()

    @cached_property
    def growth(self) -> Growth:
        return append(self.before, self.hashes)

    @property
    def hashes(self) -> Sequence[bytes]:
        if self.seal.start == 0 and not self.seal.count:
            return self.old_seals
        return [leaf.digest for leaf in self.leaves]

    def roots_within(self, sizes: Sequence[int]) -> dict[int, bytes]:
        """Return the roots of the tree at those of the sizes that are within the run.

        The sizes ascend. A seal that ended there was lost, and made again with others.
        """
        first = bisect_right(sizes, self.before.size)
        end = bisect_left(sizes, self.growth.frontier.size)
        found, tree, hashes = {}, self.before, self.hashes
        for size in sizes[first:end]:
            start = tree.size - self.before.size
            tree = append(tree, hashes[start : size - self.before.size]).frontier
            found[size] = tree.head.root
        return found

    @property
    def is_in_place(self) -> bool:
        place = self.before.size, self.growth.frontier.size
        return (self.seal.start, self.seal.size) == place

    @cached_property
    def error(self) -> str | None:
        """The reason why the seal's columns contradict each other, or None."""
        frontier = self.growth.frontier
        if not self.is_in_place:
            return "its place in the tree is another"
        if frontier.head.root.hex() != self.seal.root:
            return "leaves do not match the root"
        if frontier_of(self.seal) != frontier:
            return "leaves do not match the edge of the tree"
        return find_leaf_error(self.seal, self.leaves)

    def suspects(self) -> list[Leaf]:
        """Return the leaves below those nodes that are not as they were sealed."""
        nodes = root_path(self.seal.size or 0).nodes()
        hashes = zip(
            frontier_of(self.seal).hashes, self.growth.frontier.hashes, strict=False
        )
        start, found = self.before.size, list[Leaf]()
        for node, (stored, computed) in zip(nodes, hashes, strict=False):
            first, end = node.index << node.level, (node.index + 1) << node.level
            if stored != computed:
                found += self.leaves[max(first - start, 0) : max(end - start, 0)]
        return found


def is_whole(frontier: Frontier) -> bool:
    """Return whether it has as many hashes as a tree of its size has subtrees.

    The root alone would fold to the same head.
    """
    return frontier.size >= 0 and len(frontier.hashes) == frontier.size.bit_count()
