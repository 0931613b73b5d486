"""Sealing of settled rows, as runs of the leaves of each log's tree."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from app.audit.archive.canonical import Row
from app.audit.archive.checkpoints.growth import Run, TreeGrower, frontier_of
from app.audit.archive.checkpoints.key_chain import record_key
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.checkpoints.watch import HeadWatch
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.identity import get_archive_id
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.seals.backlog import Backlog
from app.audit.archive.seals.batch import BatchReader, SealBatch
from app.audit.archive.seals.leaves import make_leaves
from app.audit.archive.seals.order import OrderRepository
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.seal import make_seal
from app.audit.archive.seals.seal_file import SealFile
from app.audit.archive.seals.signing import Signer
from app.audit.archive.tree.signing_keys import SigningKeys, log_name
from app.core.config import Settings
from app.core.db.database import Database

REPEATED = (
    "The database has not kept the newest seal of {} as it was written, so the same "
    "rows would be sealed again. Look for triggers and rules on audit_seal."
)
MAX_REFUSED = 100  # batches in succession; each was sealed by another process
CheckLimit = Callable[[], None]
ReadBatch = Callable[[], Awaitable[SealBatch | None]]
logger = structlog.get_logger()


class Sealer:
    """Seal rows; `signer` signs manifests, `keys` sign checkpoints."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.signer = Signer(settings)
        self.keys = SigningKeys.from_settings(settings)
        self.seal_file = SealFile(settings.AUDIT_SEAL_FILE)
        self.backlog = Backlog(database)
        self.watch = HeadWatch(database)
        self.archive_id: UUID | None = None

    async def seal(self, check_limit: CheckLimit = lambda: None) -> int:
        """Seal all settled rows of both logs; return their number.

        `check_limit` is called after each seal, and may raise.
        """
        total = 0
        for log in LOGS.values():
            await self.watch.check(log)
            read = BatchReader(self.database, log).read_batch
            total += await self.seal_batches(read, check_limit)
            await self.watch.remember(log)
        await self.backlog.measure()
        return total

    async def seal_batches(
        self, read: ReadBatch, check_limit: CheckLimit = lambda: None
    ) -> int:
        """Seal batches until there is none; return the rows sealed.

        Raises:
            VerificationException: the sealing would never end.
        """
        total, refused, previous = 0, 0, None
        while batch := await read():
            if refused > MAX_REFUSED or (previous and batch.repeats(previous)):
                raise VerificationException(REPEATED.format(batch.log.name))
            sealed = await self.seal_batch(batch)
            check_limit()
            if sealed is None:
                previous, refused = None, refused + 1
            else:
                previous, refused, total = batch, 0, total + sealed
        return total

    async def seal_batch(self, batch: SealBatch) -> int | None:
        """Seal a batch; return its rows, or None if the log was sealed meanwhile."""
        run = await self.grow(batch)
        # The write transaction holds the lock for the INSERT alone.
        async with self.database.writing() as session:
            seals, tree = SealRepository(session), TreeRepository(session, batch.log)
            await seals.lock_sealing()
            cursor = await OrderRepository(session, batch.log).get_cursor()
            before = frontier_of(await tree.get_newest())
            if (cursor, before) != (batch.cursor, batch.before):
                return None
            name = log_name(await get_archive_id(session), batch.log.name)
            await record_key(tree, self.keys, name)
            seal = make_seal(await seals.next_number(), batch, run)
            await seals.add_seal(seal)
            await tree.save_tiles(run.updates)
        return await self.publish_seal(seal)

    async def grow(self, batch: SealBatch) -> Run:
        if self.archive_id is None:
            async with self.database.writing() as session:
                self.archive_id = await get_archive_id(session)
        grower = TreeGrower(self.keys, self.archive_id)
        return grower.grow(batch.log, batch.before, batch.hashes)

    async def seal_foreign_rows(self, log: Log) -> int:
        """Seal rows that a backup has unsealed, from a server with higher numbers."""
        return await self.seal_batches(BatchReader(self.database, log).read_foreign)

    async def seal_late_rows(self, log: Log, rows: list[Row]) -> None:
        """Seal rows without a number that were inserted after their time was sealed.

        Those that another process has sealed meanwhile are left out.
        """
        reader, sealed = BatchReader(self.database, log), None
        while sealed is None:
            async with self.database.reading() as session:
                cursor = await OrderRepository(session, log).get_cursor()
                newest = await TreeRepository(session, log).get_newest()
            if not (rows := await reader.without_sealed(rows)):
                return
            leaves = sorted(make_leaves(rows), key=lambda leaf: leaf.key)
            batch = SealBatch(log, cursor, frontier_of(newest), leaves)
            sealed = await self.seal_batch(batch)

    async def publish_seal(self, seal: AuditSeal) -> int:
        """Log the seal and append it to AUDIT_SEAL_FILE; return its row count."""
        logger.info(
            "audit_sealed",
            number=seal.number,
            hash=seal.hash,
            rows=seal.count,
            log=seal.log,
            size=seal.size,
            root=seal.root,
        )
        await self.seal_file.append((seal.note or "").encode())
        return seal.count
