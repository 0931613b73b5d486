"""Appending and tiles: the tree does not depend on the size of the portions."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.archive.tree.frontier import (
    Frontier,
    NodeRun,
    append,
)
from app.audit.archive.tree.merkle import EMPTY_ROOT, leaf_hash
from app.audit.archive.tree.paths import Node, consistency_path, inclusion_path
from app.audit.archive.tree.tiles import (
    TileId,
    TilePlace,
    TileReader,
    locate,
    needed_tiles,
    tile_updates,
)
from tests.audit.archive.tree.trees import (
    LEAVES,
    MAX_SIZE,
    head,
    read_frontier,
    read_node,
    sizes,
    tile_width,
)
from tests.hostile.strategies import max_examples

pytestmark = pytest.mark.slow

LARGE = [leaf_hash(number.to_bytes(4, "big")) for number in range(66_000)]


def fill_tiles(leaves: list[bytes], cuts: list[int]) -> dict[TileId, bytes]:
    """Append the leaves in portions, and write each update as a database does."""
    tiles: dict[TileId, bytes] = {}
    frontier = Frontier()
    for start, end in pairwise([0, *cuts, len(leaves)]):
        frontier, runs = append(frontier, leaves[start:end])
        for tile, place, data in tile_updates(runs):
            assert len(tiles.get(tile, b"")) == 32 * place
            tiles[tile] = tiles.get(tile, b"") + data
    for tile, data in tiles.items():
        assert len(data) == 32 * tile_width(tile, len(leaves))
    for index in range(0, len(leaves), 256):
        tiles[TileId(0, index // 256)] = b"".join(leaves[index : index + 256])
    return tiles


@given(st.lists(st.integers(0, MAX_SIZE), max_size=8).map(sorted))
@max_examples(40)
def test_portions_make_the_same_tree(cuts: list[int]) -> None:
    frontier = Frontier()
    runs: list[NodeRun] = []
    for start, end in pairwise([0, *cuts]):
        frontier, added = append(frontier, LEAVES[start:end])
        runs += added
    size = frontier.size
    assert frontier.head == head(size)
    assert frontier == read_frontier(size, read_node)
    nodes = {
        Node(run.level, run.start + offset): each
        for run in runs
        for offset, each in enumerate(run.hashes)
    }
    assert all(
        read_node(node.level, node.index) == each for node, each in nodes.items()
    )
    assert len(nodes) == sum(size >> level for level in range(size.bit_length()))


def test_the_empty_tree_has_a_root() -> None:
    assert Frontier().head == (0, EMPTY_ROOT)
    assert append(Frontier(), []) == (Frontier(), [])
    assert read_frontier(0, read_node) == Frontier()


@given(st.lists(st.integers(0, 66_000), min_size=1, max_size=4).map(sorted))
@max_examples(3)
def test_paths_are_read_from_tiles(cuts: list[int]) -> None:
    tiles = fill_tiles(LARGE, cuts)
    runs = append(Frontier(), LARGE).runs
    assert {tile.level for tile in tiles} == {0, 1, 2}
    size = len(LARGE)
    for path in (inclusion_path(cuts[0] % size, size), consistency_path(cuts[0], size)):
        needed = needed_tiles(path.nodes())
        read = TileReader({tile: tiles[tile] for tile in needed})
        expected = path.compute(lambda level, index: runs[level].hashes[index])
        assert path.compute(read) == expected
        assert len(needed) <= 8


@given(sizes)
@max_examples(20)
def test_a_partial_tile_answers_only_what_it_holds(size: int) -> None:
    read = TileReader(fill_tiles(LEAVES[:size], []))
    assert read_frontier(size, read).head == head(size)
    for level in range(10):
        with pytest.raises(KeyError):
            read(level, size >> level)


def test_tiles_are_counted_as_c2sp_does() -> None:
    assert locate(Node(0, 0)) == TilePlace(TileId(0, 0), 0, 1)
    assert locate(Node(0, 70_000)) == TilePlace(TileId(0, 273), 112, 1)
    assert locate(Node(8, 273)) == TilePlace(TileId(1, 1), 17, 1)
    assert locate(Node(7, 3)) == TilePlace(TileId(0, 1), 128, 128)
    # The example of the specification: a tree of 70 000 leaves.
    assert tile_width(TileId(0, 273), 70_000) == 112
    assert tile_width(TileId(1, 1), 70_000) == 17
    assert tile_width(TileId(2, 0), 70_000) == 1
    assert tile_width(TileId(0, 274), 70_000) == 0
