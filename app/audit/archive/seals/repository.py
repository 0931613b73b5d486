"""Queries on the seals, and on what may be sealed by now."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.archive.canonical import Key
from app.audit.archive.logs import BEGINNING, Log, LogRange
from app.audit.archive.models import AuditSeal
from app.audit.archive.seals.leaves import Leaf, unpack
from app.core.clock import now

SEALING = 7_201_138  # any number, the same for all who seal in this database
# How far a row's time may be behind its transaction's: the clocks of several hosts,
# and a request that has waited for its connection.
MARGIN = timedelta(seconds=60)
OLDEST_TRANSACTION = """
SELECT min(xact_start) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
AND backend_type = 'client backend'
"""


class SealRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    @property
    def on_postgresql(self) -> bool:
        return self.session.get_bind().dialect.name == "postgresql"

    async def take_turn(self) -> None:
        """Keep other processes from sealing until this transaction ends.

        On SQLite a transaction that writes is alone already.
        """
        if self.on_postgresql:
            await self.session.execute(select(func.pg_advisory_xact_lock(SEALING)))

    async def complete_until(self) -> datetime:
        """Return the time before which no more rows will appear.

        A transaction that is still under way may yet show rows as old as itself.
        """
        oldest = now()
        if self.on_postgresql:
            began = await self.session.scalar(text(OLDEST_TRANSACTION))
            oldest = min(oldest, began or oldest)
        return oldest - MARGIN

    async def newest(self) -> AuditSeal | None:
        query = select(AuditSeal).order_by(col(AuditSeal.number).desc()).limit(1)
        return (await self.session.scalars(query)).first()

    async def mark(self, log: Log) -> Key:
        """Return how far this log is sealed."""
        query = (
            select(col(AuditSeal.last_at), col(AuditSeal.last_id))
            .where(col(AuditSeal.log) == log.name)
            .order_by(col(AuditSeal.last_at).desc(), col(AuditSeal.last_id).desc())
            .limit(1)
        )
        row = (await self.session.execute(query)).first()
        return (row.last_at, row.last_id) if row else BEGINNING

    async def add(self, seal: AuditSeal) -> None:
        self.session.add(seal)
        await self.session.flush()

    async def page(self, after: int, limit: int) -> list[AuditSeal]:
        """Return the seals that follow this number."""
        query = select(AuditSeal).where(col(AuditSeal.number) > after)
        ordered = query.order_by(col(AuditSeal.number)).limit(limit)
        return list(await self.session.scalars(ordered))

    async def ends(self, log: Log) -> list[Key]:
        """Return where the seals of a log end, in the log's order."""
        query = select(col(AuditSeal.last_at), col(AuditSeal.last_id))
        query = query.where(col(AuditSeal.log) == log.name)
        found = await self.session.execute(
            query.order_by(col(AuditSeal.last_at), col(AuditSeal.last_id))
        )
        return [(row.last_at, row.last_id) for row in found]

    async def leaves(self, log: Log, span: LogRange) -> AsyncIterator[Leaf]:
        """Yield the leaves of all seals that reach into this span."""
        query = select(col(AuditSeal.leaves)).where(
            col(AuditSeal.log) == log.name,
            col(AuditSeal.last_at) >= span.after[0],
            col(AuditSeal.first_at) <= span.until[0],
        )
        for packed in await self.session.scalars(query):
            for leaf in unpack(packed):
                yield leaf
