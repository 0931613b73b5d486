"""Rows that are sealed together, read and hashed before the seal is written."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from app.audit.archive.canonical import Row
from app.audit.archive.checkpoints.growth import frontier_of
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.rows.reading import key_of
from app.audit.archive.seals.cursor import START, Cursor, Position
from app.audit.archive.seals.leaves import Leaf, make_leaves
from app.audit.archive.seals.old_seal import encode_seal
from app.audit.archive.seals.order import OrderRepository
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.tree.frontier import Frontier
from app.audit.archive.tree.merkle import leaf_hash
from app.core.db.database import Database
from app.core.db.session import DatabaseSession

PAGE_ROWS = 100  # bounds how long the event loop is blocked
MAX_ROWS = 4_000  # of one seal; its root is computed in the event loop
PAGE_SEALS = 50


@dataclass(frozen=True)
class SealBatch:
    """Leaves after `cursor`, by time and id; `position` is that of the last row.

    It is None for rows without a number. `before` is the tree that the leaves are
    appended to. `old_seals` are the leaves of a tree that begins with older seals.
    """

    log: Log
    cursor: Cursor
    before: Frontier
    leaves: list[Leaf]
    position: Position | None = None
    old_seals: Sequence[bytes] = ()

    @property
    def hashes(self) -> Sequence[bytes]:
        return self.old_seals or [leaf.digest for leaf in self.leaves]

    def repeats(self, previous: "SealBatch") -> bool:
        """Return whether a batch begins where the one before it did."""
        is_same_tree = self.before == previous.before
        return self.cursor == previous.cursor and (
            is_same_tree or bool(previous.leaves)
        )


class BatchReader:
    def __init__(self, database: Database, log: Log) -> None:
        self.database = database
        self.log = log
        self.end: int | None = None  # where it stops, though the log grows

    async def read_batch(self) -> SealBatch | None:
        """Return the next settled rows that are not sealed, or None."""
        async with self.database.reading() as session:
            cursor = await OrderRepository(session, self.log).get_cursor()
            before = frontier_of(await TreeRepository(session, self.log).get_newest())
            old = [] if before.size else await hash_old_seals(session, self.log)
        if old:
            return SealBatch(self.log, cursor, before, [], old_seals=old)
        position, leaves = None, []
        if cursor.position is None:
            async for rows in self.read_unnumbered(cursor):
                leaves += make_leaves(rows)
        if not leaves:
            async for rows in self.read_settled(cursor):
                leaves += make_leaves(await self.select_unsealed(cursor, rows))
                position = position_of(rows[-1])
                if len(leaves) >= MAX_ROWS:
                    break
        leaves.sort(key=lambda leaf: (leaf.at, leaf.id.int))
        if not leaves:
            return None
        return SealBatch(self.log, cursor, before, leaves, position)

    async def read_foreign(self) -> SealBatch | None:
        """Return rows of another server's transactions, which never settle here."""
        async with self.database.reading() as session:
            order = OrderRepository(session, self.log)
            cursor, rows = await order.get_cursor(), await order.read_foreign(MAX_ROWS)
            before = frontier_of(await TreeRepository(session, self.log).get_newest())
        leaves = sorted(make_leaves(rows), key=lambda leaf: leaf.key)
        position = position_of(rows[-1]) if rows else None
        return SealBatch(self.log, cursor, before, leaves, position) if rows else None

    async def read_unnumbered(self, cursor: Cursor) -> AsyncIterator[list[Row]]:
        key = cursor.unnumbered
        for _ in range(0, MAX_ROWS, PAGE_ROWS):
            async with self.database.reading() as session:
                order = OrderRepository(session, self.log)
                rows = await order.read_unnumbered(key, PAGE_ROWS)
            if rows:
                yield rows
                key = rows[-1]["at"], rows[-1]["id"]
            if len(rows) < PAGE_ROWS:
                return
            await asyncio.sleep(0)

    async def read_settled(self, cursor: Cursor) -> AsyncIterator[list[Row]]:
        position = cursor.position or START
        if self.end is None:
            async with self.database.reading() as session:
                self.end = await OrderRepository(session, self.log).get_end()
        while True:
            async with self.database.reading() as session:
                order = OrderRepository(session, self.log)
                rows = await order.read_settled(position, self.end, PAGE_ROWS)
            if rows:
                yield rows
                position = position_of(rows[-1])
            if len(rows) < PAGE_ROWS:
                return
            await asyncio.sleep(0)

    async def select_unsealed(self, cursor: Cursor, rows: list[Row]) -> list[Row]:
        """Return the rows without those that are sealed, if that is possible."""
        if not cursor.may_have_sealed(position_of(rows[0])):
            return rows
        return await self.without_sealed(rows)

    async def without_sealed(self, rows: list[Row]) -> list[Row]:
        """Return the rows that no seal of their time has."""
        keys = [key_of(row) for row in rows]
        async with self.database.reading() as session:
            leaves = SealRepository(session).read_leaves(
                self.log, LogRange(min(keys), max(keys))
            )
            sealed = {leaf.id async for _, _, leaf in leaves}
        return [row for row in rows if row["id"] not in sealed]


async def hash_old_seals(session: DatabaseSession, log: Log) -> list[bytes]:
    """Return the leaf hashes of the log's seals from before the tree, in order."""
    hashes: list[bytes] = []
    number = 0
    while seals := await SealRepository(session).read_old(log, number, PAGE_SEALS):
        hashes += [leaf_hash(encode_seal(seal)) for seal in seals]
        number = seals[-1].number
    return hashes


def position_of(row: Row) -> Position:
    return Position(row["transaction_id"], row["id"])
