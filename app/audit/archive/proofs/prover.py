"""Proofs that a row is in its log's tree, and that a tree only grew."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.audit.archive.canonical import encode_row
from app.audit.archive.checkpoints.growth import frontier_of
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import Log
from app.audit.archive.proofs.archive import RowArchive
from app.audit.archive.proofs.exceptions import (
    ArchivedLeavesException,
    ArchivedRowException,
    NoCheckpointException,
    NotSealedException,
    UnknownRowException,
    UnknownSizeException,
)
from app.audit.archive.proofs.leaf_finder import LeafFinder
from app.audit.archive.rows.reading import (
    key_of,
    read_rows,
    select_any_time,
    with_time,
)
from app.audit.archive.seals.tree_leaves import TreeLeaves
from app.audit.archive.tree.encoding import decode_base64, encode_base64
from app.audit.archive.tree.merkle import leaf_hash
from app.audit.archive.tree.paths import Path, consistency_path, inclusion_path
from app.audit.archive.tree.proofs import InclusionProof
from app.audit.archive.tree.tiles import WIDTH, TileId, TileReader, needed_tiles
from app.core.db.session import DatabaseSession


@dataclass(frozen=True)
class Inclusion:
    """A proof as scripts/verify_log.py reads it: bytes are base64."""

    leaf: str
    index: int
    size: int
    hashes: list[str]
    checkpoint: str


class Prover:
    """Proofs from the database, and with an archive also of archived rows."""

    def __init__(
        self, session: DatabaseSession, log: Log, archive: RowArchive | None = None
    ) -> None:
        self.session = session
        self.archive = archive
        self.log = log
        self.tree = TreeRepository(session, log)
        self.finder = LeafFinder(session, log)
        self.leaves = TreeLeaves(session, log)

    async def prove_row(self, id: UUID) -> Inclusion:
        """Prove that a row is in the newest tree.

        Raises:
            UnknownRowException, NotSealedException, ArchivedRowException: there is no
                proof, or only the archive has the row.
            VerificationException: the archive has another row.
        """
        row = await self.read_row(id)
        index = await self.finder.find_index(id, key_of(row)[0] if row else None)
        if row and index is None:
            row = await self.read_row(id)  # a run may have moved both to a file
        if row is None:
            return await self.prove_archived_row(id, index)
        if index is None:
            raise NotSealedException(id)
        return await self.prove_leaf(encode_row(row), index, await self.get_newest())

    async def prove_archived_row(self, id: UUID, index: int | None) -> Inclusion:
        found = await self.archive.find_row(id) if self.archive else None
        if found and index is None:
            index = found.index
        if found is None or index is None:
            exists = index is not None or await self.may_be_emptied(id)
            raise ArchivedRowException(id) if exists else UnknownRowException(id)
        seal = await self.get_newest()  # once: rows are sealed meanwhile
        proof = await self.prove_leaf(found.line, index, seal)
        head = frontier_of(seal).head
        hashes = [decode_base64(each) for each in proof.hashes]
        if not InclusionProof(index, hashes).matches(leaf_hash(found.line), head):
            raise VerificationException(
                f"The archived entry {id} is not as it was sealed. Run `verify`."
            )
        return proof

    async def may_be_emptied(self, id: UUID) -> bool:
        """Return whether only an archive knows if there is such a row."""
        return self.archive is None and await self.finder.may_be_emptied(id)

    async def prove_leaf(self, line: bytes, index: int, seal: AuditSeal) -> Inclusion:
        size = seal.size or 0
        hashes = await self.compute(inclusion_path(index, size), size)
        return Inclusion(encode_base64(line), index, size, hashes, seal.note or "")

    async def prove_consistency(self, old_size: int, size: int) -> list[str]:
        """Return the hashes that prove that the tree of `old_size` became the other.

        Raises:
            UnknownSizeException: the tree has not had these sizes.
        """
        newest = (await self.get_newest()).size or 0
        if not old_size <= size <= newest:
            raise UnknownSizeException(newest)
        return await self.compute(consistency_path(old_size, size), newest)

    async def get_newest(self) -> AuditSeal:
        seal = await self.tree.get_newest()
        if seal is None:
            raise NoCheckpointException(self.log.name)
        return seal

    async def read_row(self, id: UUID) -> dict[str, Any] | None:
        """Return the row as it was read for its leaf."""
        table = self.log.live
        query = select_any_time(table).where(table.c.id == id)
        return next(with_time(await read_rows(self.session, query)), None)

    async def compute(self, path: Path, size: int) -> list[str]:
        needed = needed_tiles(path.nodes())
        tiles = await self.tree.read_tiles(tile for tile in needed if tile.level)
        for tile in needed:
            if tile.level == 0:
                tiles[tile] = await self.read_leaf_tile(tile, size)
        return [encode_base64(each) for each in path.compute(TileReader(tiles))]

    async def read_leaf_tile(self, tile: TileId, size: int) -> bytes:
        """Return a tile of level 0, which has the leaf hashes themselves."""
        start = tile.index * WIDTH
        end = min(start + WIDTH, size)
        hashes = await self.leaves.read_hashes(start, end)
        if len(hashes) < end - start and self.archive:
            hashes |= await self.archive.read_hashes(start, end)
        if len(hashes) < end - start:
            raise ArchivedLeavesException
        return b"".join(hashes[index] for index in range(start, end))
