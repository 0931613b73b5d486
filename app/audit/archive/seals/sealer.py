"""Sealing of settled rows, in signed and hash-chained batches."""

import structlog

from app.audit.archive.canonical import Row
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.models import AuditSeal
from app.audit.archive.seals.backlog import Backlog
from app.audit.archive.seals.batch import BatchReader, SealBatch
from app.audit.archive.seals.leaves import make_leaves
from app.audit.archive.seals.order import OrderRepository
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.seal import SealContent, encode_seal, make_seal, sign_seal
from app.audit.archive.seals.seal_file import SealFile
from app.audit.archive.seals.signing import Signer
from app.core.config import Settings
from app.core.db.database import Database

logger = structlog.get_logger()


class Sealer:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.signer = Signer(settings)
        self.seal_file = SealFile(settings.AUDIT_SEAL_FILE)
        self.backlog = Backlog(database)

    async def seal(self) -> int:
        """Seal all settled rows of both logs; return their number."""
        total = 0
        for log in LOGS.values():
            while batch := await BatchReader(self.database, log).read_batch():
                total += await self.seal_batch(batch)
        await self.backlog.measure()
        return total

    async def seal_batch(self, batch: SealBatch) -> int:
        """Seal the rows unless another process has done so; return their number."""
        content = SealContent.of(batch.log, batch.leaves, batch.position)
        # The write transaction holds the lock for the INSERT alone.
        async with self.database.writing() as session:
            seals = SealRepository(session)
            await seals.lock_sealing()
            cursor = await OrderRepository(session, batch.log).get_cursor()
            if cursor != batch.cursor:
                return 0
            seal = await self.add_seal(seals, content)
        return self.publish_seal(seal)

    async def seal_late_rows(self, log: Log, rows: list[Row]) -> None:
        """Seal rows without a number that were inserted after their time was sealed."""
        content = SealContent.of(log, make_leaves(rows), None)
        async with self.database.writing() as session:
            seals = SealRepository(session)
            await seals.lock_sealing()
            seal = await self.add_seal(seals, content)
        self.publish_seal(seal)

    async def add_seal(self, seals: SealRepository, content: SealContent) -> AuditSeal:
        seal = sign_seal(make_seal(await seals.get_newest(), content), self.signer)
        await seals.add_seal(seal)
        return seal

    def publish_seal(self, seal: AuditSeal) -> int:
        """Log the seal and append it to AUDIT_SEAL_FILE; return its row count."""
        logger.info("audit_sealed", number=seal.number, hash=seal.hash, rows=seal.count)
        self.seal_file.append(encode_seal(seal))
        return seal.count


async def export_newest_seal(database: Database) -> bytes | None:
    """Return the newest seal as one line of JSON, or None."""
    async with database.reading() as session:
        seal = await SealRepository(session).get_newest()
    return encode_seal(seal) if seal else None
