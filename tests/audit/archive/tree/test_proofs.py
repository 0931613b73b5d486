"""Each path is a valid proof, and no changed proof is."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.archive.tree.merkle import EMPTY_ROOT, TreeHead
from app.audit.archive.tree.paths import (
    LeafRange,
    consistency_path,
    inclusion_path,
    root_path,
)
from app.audit.archive.tree.proofs import ConsistencyProof, InclusionProof
from tests.audit.archive.tree.trees import LEAVES, head, read_node, sizes
from tests.hostile.strategies import max_examples

OTHER = b"x" * 32


def included(index: int, size: int) -> InclusionProof:
    return InclusionProof(index, inclusion_path(index, size).compute(read_node))


def consistent(old: int, size: int) -> ConsistencyProof:
    return ConsistencyProof(consistency_path(old, size).compute(read_node))


def damage(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Return the hashes with each one changed, removed or truncated, and with more."""
    damaged = [[OTHER, *hashes], [*hashes, OTHER]]
    for place in range(len(hashes)):
        before, after = list(hashes[:place]), list(hashes[place + 1 :])
        damaged += [before + new + after for new in ([], [OTHER], [hashes[place][:31]])]
    return damaged


@pytest.mark.slow
@given(sizes, st.data())
@max_examples(40)
def test_a_leaf_is_proven(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, tree = included(index, size), head(size)
    assert proof.matches(LEAVES[index], tree)
    assert not proof.matches(OTHER, tree)
    assert not proof.matches(LEAVES[index], TreeHead(size, OTHER))
    for hashes in damage(proof.hashes):
        assert not InclusionProof(index, hashes).matches(LEAVES[index], tree)
    other = data.draw(st.integers(-1, size + 1).filter(lambda drawn: drawn != index))
    assert not InclusionProof(other, proof.hashes).matches(LEAVES[index], tree)
    longer = head(data.draw(sizes.filter(lambda drawn: drawn != size)))
    assert not proof.matches(LEAVES[index], longer)


@pytest.mark.slow
@given(sizes, st.data())
@max_examples(40)
def test_a_tree_is_proven_to_begin_with_an_older_one(
    size: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, size))
    proof, first, second = consistent(old, size), head(old), head(size)
    assert proof.matches(first, second)
    assert not proof.matches(TreeHead(old, OTHER), second)
    assert not proof.matches(first, TreeHead(size, OTHER))
    for hashes in damage(proof.hashes):
        assert not ConsistencyProof(hashes).matches(first, second)
    other = head(data.draw(sizes.filter(lambda drawn: drawn not in (old, size))))
    assert not proof.matches(other, second)
    assert not proof.matches(first, other)


def test_the_empty_tree_is_the_beginning_of_each() -> None:
    proof = consistent(0, 5)
    assert proof.hashes == ()
    assert proof.matches(TreeHead(0, EMPTY_ROOT), head(5))
    assert not proof.matches(TreeHead(0, OTHER), head(5))


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_a_missing_leaf_has_no_path(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="No leaf"):
        inclusion_path(index, size)


@pytest.mark.parametrize("index", [-1, 1])
def test_the_only_leaf_has_one_index(index: int) -> None:
    assert InclusionProof(0, ()).matches(LEAVES[0], head(1))
    assert not InclusionProof(index, ()).matches(LEAVES[0], head(1))


def test_a_larger_tree_is_no_beginning() -> None:
    with pytest.raises(ValueError, match="No tree"):
        consistency_path(6, 5)
    assert not consistent(5, 6).matches(head(6), head(5))


@given(st.integers(1, 2**62), st.data())
@max_examples(40)
def test_a_path_in_a_huge_tree_needs_few_nodes(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    siblings = inclusion_path(index, size).ranges
    covered = sorted([*siblings, LeafRange(index, index + 1)])
    assert [each.end for each in covered[:-1]] == [each.start for each in covered[1:]]
    assert (covered[0].start, covered[-1].end) == (0, size)
    for path in (inclusion_path(index, size), consistency_path(index, size)):
        assert len(path.nodes()) <= 2 * size.bit_length()
    nodes = root_path(size).nodes()
    assert sum(1 << node.level for node in nodes) == size
