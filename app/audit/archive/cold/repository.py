"""Queries on seals whose leaves are, or may be, in archive files only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.archive.canonical import RowKey
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.checkpoints.repository import WITHOUT_LEAVES, TreeRepository
from app.audit.archive.logs import Log

EMPTY = b""
START, SIZE, COUNT = col(AuditSeal.start), col(AuditSeal.size), col(AuditSeal.count)
NUMBER, LEAVES = col(AuditSeal.number), col(AuditSeal.leaves)


def is_sealed_around(first: datetime, last: datetime) -> ColumnElement[bool]:
    """Match seals whose rows may have an id of this time.

    After a clock was ahead, rows continue its time, but not their ids.
    """
    sealed_then = col(AuditSeal.sealed_at).between(first, last)
    begins = or_(col(AuditSeal.first_at) <= last, sealed_then)
    return and_(col(AuditSeal.last_at) >= first, begins)


class ColdRepository:
    def __init__(self, session: AsyncSession, log: Log) -> None:
        self.session = session
        self.tree = TreeRepository(session, log)

    def select_runs(self) -> Select[Any]:
        """Return a query of the runs of rows: older seals have none."""
        return self.tree.select_seals().where(COUNT > 0)

    def select_emptied(self, first: datetime, last: datetime) -> Select[Any]:
        between = col(AuditSeal.last_at) >= first, col(AuditSeal.first_at) <= last
        return self.select_runs().where(*between, func.length(LEAVES) == 0)

    async def list_stored(
        self, after: int, until: datetime, limit: int
    ) -> list[AuditSeal]:
        """Return runs that have leaves, and no row after `until`; without the leaves.

        They begin after this index of the tree, and are in its order.
        """
        query = self.select_runs().where(
            after < START, col(AuditSeal.last_at) <= until, func.length(LEAVES) > 0
        )
        ordered = query.order_by(START).limit(limit).options(WITHOUT_LEAVES)
        return list(await self.session.scalars(ordered))

    async def get_tree(self) -> tuple[int, int]:
        """Return how many old seals are the first leaves, and the size of the tree."""
        first = self.tree.select_seals().where(COUNT == 0, START == 0)
        head = await self.session.scalar(first.with_only_columns(SIZE))
        newest = await self.tree.get_newest()
        return head or 0, (newest and newest.size) or 0

    async def get_times(self, start: int, end: int) -> tuple[datetime, datetime]:
        """Return the first and the last time of the rows in [start, end)."""
        times = func.min(col(AuditSeal.first_at)), func.max(col(AuditSeal.last_at))
        query = self.select_runs().where(end > START, start < SIZE)
        found = (await self.session.execute(query.with_only_columns(*times))).one()
        return found[0], found[1]

    async def has_emptied(self, first: datetime, last: datetime) -> bool:
        """Return whether a run whose rows may have ids of this time has no leaves."""
        emptied = is_sealed_around(first, last), func.length(LEAVES) == 0
        query = self.select_runs().where(*emptied).with_only_columns(NUMBER)
        return await self.session.scalar(query.limit(1)) is not None

    async def list_emptied(
        self, first: datetime, last: datetime
    ) -> list[tuple[RowKey, RowKey]]:
        """Return the first and last keys of the runs of this time without leaves."""
        query = self.select_emptied(first, last).options(WITHOUT_LEAVES)
        return [
            ((seal.first_at, seal.first_id), (seal.last_at, seal.last_id))
            for seal in await self.session.scalars(query)
        ]

    async def read_leaves(self, numbers: Sequence[int]) -> dict[int, bytes]:
        query = select(NUMBER, LEAVES).where(NUMBER.in_(numbers))
        found = await self.session.execute(query)
        return {row[0]: row[1] for row in found}

    async def empty_leaves(self, numbers: Sequence[int]) -> None:
        query = update(AuditSeal).where(NUMBER.in_(numbers)).values(leaves=EMPTY)
        await self.session.execute(query)
