"""Tiles of a log's tree that is built again from its leaves."""

from collections.abc import Iterator

from app.audit.archive.tree.frontier import Growth
from app.audit.archive.tree.merkle import HASH_LENGTH
from app.audit.archive.tree.tiles import TileId, tile_updates


class BuiltTiles:
    def __init__(self) -> None:
        self.tiles: dict[TileId, bytes] = {}

    def add(self, growth: Growth) -> None:
        for tile, start, data in tile_updates(growth.runs):
            before = self.tiles.get(tile, b"")[: start * HASH_LENGTH]
            self.tiles[tile] = before + data

    def find_differing(self, stored: dict[TileId, bytes]) -> Iterator[TileId]:
        """Yield the tiles that are missing or others in the database, in order."""
        every = {*stored, *self.tiles}
        for tile in sorted(every, key=lambda each: (each.level, each.index)):
            if stored.get(tile) != self.tiles.get(tile):
                yield tile
