"""Verification of inclusion and consistency proofs, by the algorithms of RFC 9162.

Both take the sizes from tree heads, because a proof alone does not bind a size to a
root: the first leaf's proof in a tree of five computes the same root for a size of six.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.audit.archive.tree.merkle import (
    EMPTY_ROOT,
    HASH_LENGTH,
    TreeHead,
    node_hash,
)


@dataclass(frozen=True)
class InclusionProof:
    index: int
    hashes: Sequence[bytes]

    def matches(self, leaf: bytes, head: TreeHead) -> bool:
        """Return whether the tree has this leaf hash at the index; 2.1.3.2."""
        if not (0 <= self.index < head.size and are_hashes(self.hashes)):
            return False
        steps = list(climb(self.index, head.size - 1))
        if len(steps) != len(self.hashes):
            return False
        root = leaf
        for is_left_sibling, each in zip(steps, self.hashes, strict=True):
            root = node_hash(each, root) if is_left_sibling else node_hash(root, each)
        return root == head.root


@dataclass(frozen=True)
class ConsistencyProof:
    hashes: Sequence[bytes]

    def matches(self, old: TreeHead, new: TreeHead) -> bool:
        """Return whether the old tree is the beginning of the new one; 2.1.4.2."""
        if not (0 <= old.size <= new.size and are_hashes(self.hashes)):
            return False
        if old.size == 0:
            return old.root == EMPTY_ROOT and not self.hashes
        if old.size == new.size:
            return old.root == new.root and not self.hashes
        return self._matches_growth(old, new)

    def _matches_growth(self, old: TreeHead, new: TreeHead) -> bool:
        is_perfect = old.size & (old.size - 1) == 0
        hashes = [old.root, *self.hashes] if is_perfect else list(self.hashes)
        shared = trailing_ones(old.size - 1)
        steps = list(climb((old.size - 1) >> shared, (new.size - 1) >> shared))
        if len(hashes) != len(steps) + 1:
            return False
        old_root = new_root = hashes[0]
        for is_left_sibling, each in zip(steps, hashes[1:], strict=True):
            if is_left_sibling:
                old_root = node_hash(each, old_root)
                new_root = node_hash(each, new_root)
            else:
                new_root = node_hash(new_root, each)
        return (old_root, new_root) == (old.root, new.root)


def are_hashes(hashes: Sequence[bytes]) -> bool:
    return all(len(each) == HASH_LENGTH for each in hashes)


def trailing_ones(number: int) -> int:
    return (~number & (number + 1)).bit_length() - 1


def climb(node: int, last: int) -> Iterator[bool]:
    """Yield for each hash of a path whether it is a left sibling, up to the root.

    `node` and `last` are fn and sn of RFC 9162: the node's index on its level, and that
    of the level's last node.
    """
    while last > 0:
        is_left_sibling = node & 1 == 1 or node == last
        # The last node of a level has no sibling until its index is odd.
        while is_left_sibling and node & 1 == 0:
            node, last = node >> 1, last >> 1
        yield is_left_sibling
        node, last = node >> 1, last >> 1
