"""Queries on seals and their leaves."""

from collections.abc import AsyncIterator, Callable
from operator import attrgetter

from sqlalchemy import Select, func, select
from sqlmodel import col

from app.audit.archive.canonical import RowKey
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.rows.entities import read_readable
from app.audit.archive.seals.leaves import Leaf, unpack_leaves
from app.core.db.locks.transaction_lock import lock
from app.core.db.session import DatabaseSession
from app.core.db.sqlite.spelling import IsTime, IsUuid

ADVISORY_LOCK = 7_201_138  # arbitrary; the same in every process


class SealRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def lock_sealing(self) -> None:
        """Block other processes from sealing until this transaction ends."""
        await lock(self.session, ADVISORY_LOCK)

    async def get_newest(self) -> AuditSeal | None:
        query = select(AuditSeal).order_by(col(AuditSeal.number).desc()).limit(1)
        return (await self.session.scalars(query)).first()

    async def get_hash(self, number: int) -> str | None:
        """Return the hash of the seal with this number, or None."""
        query = select(col(AuditSeal.hash)).where(col(AuditSeal.number) == number)
        return await self.session.scalar(query)

    async def next_number(self) -> int:
        newest = await self.session.scalar(select(func.max(AuditSeal.number)))
        return (newest or 0) + 1

    async def add_seal(self, seal: AuditSeal) -> None:
        self.session.add(seal)
        await self.session.flush()

    async def read_page(self, after: int, limit: int) -> list[AuditSeal]:
        """Return the seals after this number, in order, but those that are damaged."""
        number = col(AuditSeal.number)
        later = select(number).order_by(number).limit(limit)
        while numbers := (
            await self.session.scalars(later.where(number > after))
        ).all():
            page = select(AuditSeal).where(number.between(numbers[0], numbers[-1]))
            if seals := await self.read_seals(page.order_by(number)):
                return seals
            after = numbers[-1]
        return []

    async def read_seals(self, query: Select[AuditSeal]) -> list[AuditSeal]:
        found = await read_readable(self.session, query, col(AuditSeal.number))
        # SQLite's driver returns a text as it is.
        return [seal for seal in found if isinstance(seal.leaves, bytes)]

    async def read_old(self, log: Log, after: int, limit: int) -> list[AuditSeal]:
        """Return the seals of a log from before its tree, after this number."""
        own = col(AuditSeal.log) == log.name, col(AuditSeal.start).is_(None)
        query = select(AuditSeal).where(*own, col(AuditSeal.number) > after)
        ordered = query.order_by(col(AuditSeal.number)).limit(limit)
        return list(await self.session.scalars(ordered))

    async def list_last_keys(self, log: Log) -> list[tuple[RowKey, int]]:
        """Return the last key and the row count of each seal of a log, in key order."""
        at, id = col(AuditSeal.last_at), col(AuditSeal.last_id)
        query = select(at, id, col(AuditSeal.count))
        own = query.where(col(AuditSeal.log) == log.name, IsTime(at), IsUuid(id))
        found = await self.session.execute(own.order_by(at, id))
        return [((row[0], row[1]), row[2]) for row in found]

    async def read_leaves(
        self,
        log: Log,
        log_range: LogRange,
        read: Callable[[AuditSeal], bytes] = attrgetter("leaves"),
    ) -> AsyncIterator[tuple[AuditSeal, RowKey, Leaf]]:
        """Yield all leaves of the seals that overlap the range, with their seals.

        `read` returns the packed leaves of a seal, by default those of the database.

        The key of a leaf is limited to the bounds of its seal, which the seal's hash
        covers: a leaf whose time was changed must not escape from every range.
        """
        query = select(AuditSeal).where(
            col(AuditSeal.log) == log.name,
            col(AuditSeal.last_at) >= log_range.after[0],
            col(AuditSeal.first_at) <= log_range.until[0],
        )
        for seal in await self.read_seals(query.order_by(col(AuditSeal.number))):
            first, last = (seal.first_at, seal.first_id), (seal.last_at, seal.last_id)
            for leaf in unpack_leaves(read(seal)):
                yield seal, min(max(leaf.key, first), last), leaf
