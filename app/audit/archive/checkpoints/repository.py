"""Queries on the tree of a log: its newest seal, its tiles and keys."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, load_only
from sqlmodel import col

from app.audit.archive.checkpoints.models import (
    AuditKey,
    AuditSeal,
    AuditTile,
)
from app.audit.archive.logs import Log
from app.audit.archive.tree.merkle import HASH_LENGTH
from app.audit.archive.tree.notes import PREFIX
from app.audit.archive.tree.tiles import TileId, TileUpdate

SEAL: Any = AuditSeal
WITHOUT_LEAVES = defer(SEAL.leaves, raiseload=True)
KEY: Any = AuditKey
# An unreadable time of a seal, or of a key, must not stop the sealing.
TREE_COLUMNS = load_only(
    *(SEAL.number, SEAL.log, SEAL.count, SEAL.root, SEAL.hash),
    *(SEAL.start, SEAL.size, SEAL.note, SEAL.edge),
    raiseload=True,
)
RUN_COLUMNS = load_only(
    *(SEAL.number, SEAL.log, SEAL.count, SEAL.start, SEAL.leaves), raiseload=True
)
KEY_COLUMNS = load_only(KEY.number, KEY.log, KEY.key, KEY.rotation, raiseload=True)
MAX_TILES = 500  # in one query: drivers limit bound parameters


class TreeRepository:
    def __init__(self, session: AsyncSession, log: Log) -> None:
        self.session = session
        self.log = log

    def select_seals(self) -> Select[AuditSeal]:
        """Return a query of the seals that are runs of the tree's leaves."""
        own = col(AuditSeal.log) == self.log.name
        return select(AuditSeal).where(own, col(AuditSeal.start).is_not(None))

    async def get_newest(self) -> AuditSeal | None:
        """Return the newest seal of the tree, without its leaves and times."""
        ordered = self.select_seals().order_by(col(AuditSeal.number).desc())
        query = ordered.limit(1).options(TREE_COLUMNS)
        return (await self.session.scalars(query)).first()

    async def get_cosigned(self, witness: str) -> str | None:
        """Return the newest note that a witness of this name has signed, or None."""
        line = col(AuditSeal.note).contains(f"{PREFIX}{witness} ", autoescape=True)
        cosigned = self.select_seals().where(line).options(TREE_COLUMNS)
        query = cosigned.order_by(col(AuditSeal.number).desc()).limit(1)
        seal = (await self.session.scalars(query)).first()
        return seal.note if seal else None

    async def save_note(self, number: int, note: str) -> None:
        """Replace the note of a seal by one with more signatures."""
        seal = update(AuditSeal).where(col(AuditSeal.number) == number)
        await self.session.execute(seal.values(note=note))

    async def get_by_size(self, size: int) -> AuditSeal | None:
        """Return the seal with which the tree had this size, without its leaves.

        It has no times, either.
        """
        found = self.select_seals().where(col(AuditSeal.size) == size)
        query = found.limit(1).options(TREE_COLUMNS)
        return (await self.session.scalars(query)).first()

    async def list_overlapping(self, start: int, end: int) -> list[AuditSeal]:
        """Return the seals with any of the leaves [start, end), in order."""
        query = self.select_seals().where(
            col(AuditSeal.start) < end, col(AuditSeal.size) > start
        )
        ordered = query.order_by(col(AuditSeal.start)).options(RUN_COLUMNS)
        seals = await self.session.scalars(ordered)
        # SQLite's driver returns a text as it is.
        return [seal for seal in seals if isinstance(seal.leaves, bytes)]

    async def read_tiles(self, tiles: Iterable[TileId]) -> dict[TileId, bytes]:
        wanted, found = sorted(tiles, key=lambda tile: (tile.level, tile.index)), {}
        place = tuple_(col(AuditTile.level), col(AuditTile.number))
        for at in range(0, len(wanted), MAX_TILES):
            places = [(tile.level, tile.index) for tile in wanted[at : at + MAX_TILES]]
            query = select(AuditTile).where(col(AuditTile.log) == self.log.name)
            for each in await self.session.scalars(query.where(place.in_(places))):
                found[TileId(each.level, each.number)] = each.hashes
        return found

    async def list_tiles(self) -> dict[TileId, bytes]:
        query = select(AuditTile).where(col(AuditTile.log) == self.log.name)
        found = await self.session.scalars(query)
        return {TileId(each.level, each.number): each.hashes for each in found}

    async def save_tiles(self, updates: Sequence[TileUpdate]) -> None:
        begun = await self.read_tiles(each.tile for each in updates if each.start)
        for tile, start, data in updates:
            before = begun.get(tile, b"")[: start * HASH_LENGTH]
            row = AuditTile(
                log=self.log.name.value,
                level=tile.level,
                number=tile.index,
                hashes=before + data,
            )
            if tile in begun or not start:
                await self.session.merge(row)
            else:
                self.session.add(row)
        await self.session.flush()

    async def list_keys(self) -> list[AuditKey]:
        """Return the log's public keys, oldest first."""
        query = select(AuditKey).where(col(AuditKey.log) == self.log.name)
        ordered = query.order_by(col(AuditKey.number)).options(KEY_COLUMNS)
        return list(await self.session.scalars(ordered))

    async def add_key(self, key: str) -> AuditKey:
        newest = await self.session.scalar(select(func.max(AuditKey.number))) or 0
        row = AuditKey(number=newest + 1, log=self.log.name.value, key=key)
        self.session.add(row)
        await self.session.flush()
        return row
