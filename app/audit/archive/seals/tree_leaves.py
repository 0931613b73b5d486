"""Leaves of a log's tree by their index, as far as the seals have them."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from sqlmodel import col

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.logs import Log
from app.audit.archive.seals.batch import PAGE_SEALS, hash_old_seals
from app.audit.archive.seals.leaves import unpack_digests
from app.core.db.session import DatabaseSession


class TreeLeaves:
    def __init__(self, session: DatabaseSession, log: Log) -> None:
        self.session = session
        self.log = log
        self.tree = TreeRepository(session, log)
        self.old_seals: list[bytes] | None = None

    async def read_hashes(self, start: int, end: int) -> dict[int, bytes]:
        """Return the hashes of the leaves [start, end) that the database has."""
        found: dict[int, bytes] = {}
        for seal in await self.tree.list_overlapping(start, end):
            for index, digest in enumerate(await self.digests(seal), seal.start or 0):
                if start <= index < end:
                    found[index] = digest
        return found

    async def digests(self, seal: AuditSeal) -> Sequence[bytes]:
        """Return the hashes of a run; the first one may be that of older seals."""
        if seal.count or seal.start:
            return unpack_digests(seal.leaves)
        if self.old_seals is None:
            self.old_seals = await hash_old_seals(self.session, self.log)
        return self.old_seals

    async def find_indexes(
        self, digests: Sequence[bytes], first: datetime, last: datetime
    ) -> list[int] | None:
        """Return the index of each leaf, or None if the tree lacks any.

        `first` and `last` are the times between which the rows are.
        """
        places = dict.fromkeys(digests, -1)
        async for seal in self.read_seals(first, last):
            for index, digest in enumerate(
                unpack_digests(seal.leaves), seal.start or 0
            ):
                if places.get(digest) == -1:
                    places[digest] = index
        indexes = [places[digest] for digest in digests]
        return None if -1 in indexes else indexes

    async def read_seals(
        self, first: datetime, last: datetime
    ) -> AsyncIterator[AuditSeal]:
        """Yield the runs that have rows of this time, in the order of the tree."""
        start = -1
        between = col(AuditSeal.last_at) >= first, col(AuditSeal.first_at) <= last
        query = self.tree.select_seals().where(*between).order_by(col(AuditSeal.start))
        while True:
            page = query.where(col(AuditSeal.start) > start).limit(PAGE_SEALS)
            seals = list(await self.session.scalars(page))
            for seal in seals:
                yield seal
            if len(seals) < PAGE_SEALS:
                return
            start = seals[-1].start or 0
