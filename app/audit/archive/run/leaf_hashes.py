"""Look-up of the leaf hashes of rows, which reads and checks each seal once."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.archive.canonical import Row
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.proven.seals import ProvenSeals
from app.audit.archive.seals.leaves import LEAF_BYTES

MAX_LEAVES = 50_000  # in memory, about 12 MB; of more, seals are read again
MAX_SEALS = 500  # in one query: drivers limit bound parameters
DIGEST = slice(24, LEAF_BYTES)
ID = slice(8, 24)

Digests = dict[bytes, bytes]  # leaf hashes by the bytes of the row's id


class LeafHashes:
    def __init__(self, proven: ProvenSeals) -> None:
        self.context = proven.context
        self.log = proven.log
        self.proven = proven
        self.counts: dict[int, int] = {}
        self.seals: dict[int, Digests] = {}

    async def find(self, rows: list[Row]) -> dict[UUID, bytes]:
        """Return the leaf hashes of those rows that have one, by row id.

        Raises:
            VerificationException: a seal of the rows' times is not proven, so any of
                its leaves may be forged or missing.
        """
        found = await self.find_proven(rows)
        if len(found) < len(rows):
            lost = self.proven.lost
            self.proven.faults |= {at: lost[at] for at in lost if at in self.counts}
        self.proven.raise_errors()
        return found

    async def find_proven(self, rows: list[Row]) -> dict[UUID, bytes]:
        """Return the leaf hashes that are proven; the other seals are in `proven`."""
        ids = {row["id"].bytes: row["id"] for row in rows}
        found: dict[UUID, bytes] = {}
        async with self.context.database.reading() as session:
            self.counts = counts = await self.count_leaves(session, rows)
            self.seals = {at: self.seals[at] for at in counts if at in self.seals}
            for seal in self.seals.values():
                found |= select_digests(seal, ids)
            for numbers in self.split_missing(counts):
                packed = await self.proven.read(session, numbers)
                seals = {each: unpack_digests(packed[each]) for each in packed}
                for seal in seals.values():
                    found |= select_digests(seal, ids)
                self.keep(seals)
        return found

    async def count_leaves(
        self, session: AsyncSession, rows: list[Row]
    ) -> dict[int, int]:
        """Return the number of leaves of each seal that overlaps the rows' times."""
        query = select(col(AuditSeal.number), col(AuditSeal.count)).where(
            col(AuditSeal.log) == self.log.name,
            col(AuditSeal.last_at) >= rows[0]["at"],
            col(AuditSeal.first_at) <= rows[-1]["at"],
        )
        ordered = query.order_by(col(AuditSeal.number))
        found = await session.execute(ordered)
        return {row[0]: row[1] for row in found}

    def split_missing(self, counts: dict[int, int]) -> Iterator[list[int]]:
        """Yield the numbers of seals to read, of at most MAX_LEAVES at a time."""
        part: list[int] = []
        size = 0
        for number, count in counts.items():
            if number in self.seals:
                continue
            if part and (size + count > MAX_LEAVES or len(part) == MAX_SEALS):
                yield part
                part, size = [], 0
            part.append(number)
            size += count
        if part:
            yield part

    def keep(self, seals: dict[int, Digests]) -> None:
        """Keep seals for the next rows, while they fit into MAX_LEAVES."""
        kept = sum(map(len, self.seals.values()))
        for number, seal in seals.items():
            kept += len(seal)
            if kept > MAX_LEAVES:
                return
            self.seals[number] = seal


def unpack_digests(packed: bytes) -> Digests:
    """Return the leaf hashes; bytes after the last whole leaf are ignored."""
    end = len(packed) - len(packed) % LEAF_BYTES
    leaves = (packed[at : at + LEAF_BYTES] for at in range(0, end, LEAF_BYTES))
    return {leaf[ID]: leaf[DIGEST] for leaf in leaves}


def select_digests(seal: Digests, ids: dict[bytes, UUID]) -> dict[UUID, bytes]:
    return {ids[id]: seal[id] for id in seal.keys() & ids.keys()}
