"""Proofs that a row is in its log's tree, and that a tree only grew."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.canonical import encode_row
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.logs import Log
from app.audit.archive.proofs.exceptions import (
    ArchivedRowException,
    NoCheckpointException,
    NotSealedException,
    UnknownRowException,
    UnknownSizeException,
)
from app.audit.archive.proofs.leaf_finder import LeafFinder
from app.audit.archive.seals.tree_leaves import TreeLeaves
from app.audit.archive.tree.encoding import encode_base64
from app.audit.archive.tree.paths import Path, consistency_path, inclusion_path
from app.audit.archive.tree.tiles import WIDTH, TileId, TileReader, needed_tiles


@dataclass(frozen=True)
class Inclusion:
    """A proof as scripts/verify_log.py reads it: bytes are base64."""

    leaf: str
    index: int
    size: int
    hashes: list[str]
    checkpoint: str


class Prover:
    def __init__(self, session: AsyncSession, log: Log) -> None:
        self.session = session
        self.log = log
        self.tree = TreeRepository(session, log)
        self.finder = LeafFinder(session, log)
        self.leaves = TreeLeaves(session, log)

    async def prove_row(self, id: UUID) -> Inclusion:
        """Prove that a live row is in the newest tree.

        Raises:
            UnknownRowException, NotSealedException, ArchivedRowException: there is no
                proof, or only the archive has the row.
        """
        row = await self.read_row(id)
        index = await self.finder.find_index(id, row["at"] if row else None)
        if row is None:
            raise UnknownRowException(id) if index is None else ArchivedRowException(id)
        if index is None:
            raise NotSealedException(id)
        seal = await self.get_newest()
        size = seal.size or 0
        hashes = await self.compute(inclusion_path(index, size))
        leaf = encode_base64(encode_row(row))
        return Inclusion(leaf, index, size, hashes, seal.note or "")

    async def prove_consistency(self, old_size: int, size: int) -> list[str]:
        """Return the hashes that prove that the tree of `old_size` became the other.

        Raises:
            UnknownSizeException: the tree has not had these sizes.
        """
        newest = await self.get_newest()
        if not old_size <= size <= (newest.size or 0):
            raise UnknownSizeException(newest.size or 0)
        return await self.compute(consistency_path(old_size, size))

    async def get_newest(self) -> AuditSeal:
        seal = await self.tree.get_newest()
        if seal is None:
            raise NoCheckpointException(self.log.name)
        return seal

    async def read_row(self, id: UUID) -> dict[str, Any] | None:
        table = self.log.live
        found = await self.session.execute(select(table).where(table.c.id == id))
        row = found.mappings().first()
        return dict(row) if row else None

    async def compute(self, path: Path) -> list[str]:
        needed = needed_tiles(path.nodes())
        tiles = await self.tree.read_tiles(tile for tile in needed if tile.level)
        for tile in needed:
            if tile.level == 0:
                tiles[tile] = await self.read_leaf_tile(tile)
        return encode(path.compute(TileReader(tiles)))

    async def read_leaf_tile(self, tile: TileId) -> bytes:
        """Return a tile of level 0, which has the leaf hashes themselves."""
        start, end = tile.index * WIDTH, (tile.index + 1) * WIDTH
        hashes = await self.leaves.read_hashes(start, end)
        return b"".join(hashes[index] for index in sorted(hashes))


def encode(hashes: Sequence[bytes]) -> list[str]:
    return [encode_base64(each) for each in hashes]
