"""Rows that are sealed together, read and hashed before the seal is written."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.audit.archive.canonical import Row
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.seals.leaves import Leaf, make_leaves
from app.audit.archive.seals.order import START, Cursor, OrderRepository, Position
from app.audit.archive.seals.repository import SealRepository
from app.core.db.database import Database

PAGE_ROWS = 100  # bounds how long the event loop is blocked
MAX_ROWS = 10_000  # of one seal


@dataclass(frozen=True)
class SealBatch:
    """Leaves after `cursor`, by time and id; `position` is that of the last row.

    It is None for rows without a number.
    """

    log: Log
    cursor: Cursor
    leaves: list[Leaf]
    position: Position | None


class BatchReader:
    def __init__(self, database: Database, log: Log) -> None:
        self.database = database
        self.log = log

    async def read_batch(self) -> SealBatch | None:
        """Return the next settled rows that are not sealed, or None."""
        async with self.database.reading() as session:
            cursor = await OrderRepository(session, self.log).get_cursor()
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
        return SealBatch(self.log, cursor, leaves, position) if leaves else None

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
        async with self.database.reading() as session:
            horizon = await OrderRepository(session, self.log).get_horizon()
        while True:
            async with self.database.reading() as session:
                order = OrderRepository(session, self.log)
                rows = await order.read_settled(position, horizon.settled, PAGE_ROWS)
            if rows:
                yield rows
                position = position_of(rows[-1])
            if len(rows) < PAGE_ROWS:
                return
            await asyncio.sleep(0)

    async def select_unsealed(self, cursor: Cursor, rows: list[Row]) -> list[Row]:
        """Return the rows without those that are sealed, if that is possible."""
        if not cursor.may_have_sealed(rows[0]["transaction_id"]):
            return rows
        keys = [(row["at"], row["id"]) for row in rows]
        async with self.database.reading() as session:
            leaves = SealRepository(session).read_leaves(
                self.log, LogRange(min(keys), max(keys))
            )
            sealed = {leaf.id async for _, _, leaf in leaves}
        return [row for row in rows if row["id"] not in sealed]


def position_of(row: Row) -> Position:
    return Position(row["transaction_id"], row["id"])
