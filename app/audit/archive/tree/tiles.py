"""Tiles of height 8, counted as C2SP tlog-tiles does.

Tile (L, N) holds the nodes (8 * L, 256 * N) to (8 * L, 256 * N + 255), concatenated;
the tile at the right edge holds fewer. Nodes on levels between are computed from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.audit.archive.tree.frontier import NodeRun
from app.audit.archive.tree.merkle import HASH_LENGTH, hash_pairs
from app.audit.archive.tree.paths import Node

HEIGHT = 8
WIDTH = 1 << HEIGHT


@dataclass(frozen=True, slots=True)
class TileId:
    level: int
    index: int


class TilePlace(NamedTuple):
    """The hashes [start, start + width) of a tile: the leaves of a node's subtree."""

    tile: TileId
    start: int
    width: int


class TileUpdate(NamedTuple):
    """Hashes to write into a tile after its first `start` hashes."""

    tile: TileId
    start: int
    data: bytes


def locate(node: Node) -> TilePlace:
    level, above = divmod(node.level, HEIGHT)
    index, start = divmod(node.index << above, WIDTH)
    return TilePlace(TileId(level, index), start, 1 << above)


def needed_tiles(nodes: Iterable[Node]) -> set[TileId]:
    return {locate(node).tile for node in nodes}


class TileReader:
    """A `read_node` that reads loaded tiles; raises KeyError for missing hashes."""

    def __init__(self, tiles: Mapping[TileId, bytes]) -> None:
        self.tiles = tiles

    def __call__(self, level: int, index: int) -> bytes:
        tile, start, width = locate(Node(level, index))
        hashes = unpack(self.tiles[tile])[start : start + width]
        if len(hashes) < width:
            raise KeyError(Node(level, index))
        while len(hashes) > 1:
            hashes = hash_pairs(hashes)
        return hashes[0]


def unpack(data: bytes) -> list[bytes]:
    offsets = range(0, len(data), HASH_LENGTH)
    return [data[offset : offset + HASH_LENGTH] for offset in offsets]


def tile_updates(runs: Iterable[NodeRun]) -> Iterator[TileUpdate]:
    """Yield what an append adds to tiles of level 1 and up; level 0 is the leaves."""
    for level, start, hashes in runs:
        if level == 0 or level % HEIGHT:
            continue
        end = start + len(hashes)
        for first in range(start - start % WIDTH, end, WIDTH):
            begin, until = max(first, start), min(first + WIDTH, end)
            tile = TileId(level // HEIGHT, first // WIDTH)
            data = b"".join(hashes[begin - start : until - start])
            yield TileUpdate(tile, begin - first, data)
