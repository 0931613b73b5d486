"""Sealing of complete rows, in signed and hash-chained batches."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.batching import BatchSizer
from app.audit.archive.canonical import Row
from app.audit.archive.logs import LOGS, MAX_ID, Log, LogRange
from app.audit.archive.models import AuditSeal
from app.audit.archive.repository import LogRepository
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.seal import encode_seal, make_seal, sign_seal
from app.audit.archive.seals.seal_file import SealFile
from app.audit.archive.seals.signing import Signer
from app.core.config import Settings
from app.core.db.database import Database

logger = structlog.get_logger()

MAX_BATCH_ROWS = 500  # bounds how long a seal blocks other writers


class Sealer:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.signer = Signer(settings)
        self.seal_file = SealFile(settings.AUDIT_SEAL_FILE)

    async def seal(self) -> int:
        """Seal all complete rows of both logs; return their number."""
        total = 0
        batch_sizer = BatchSizer(max_rows=MAX_BATCH_ROWS)
        for log in LOGS.values():
            count = 1
            while count:
                async with batch_sizer.timed_transaction():
                    count = await self.seal_batch(log, batch_sizer.rows)
                total += count
        return total

    async def seal_batch(self, log: Log, limit: int) -> int:
        async with self.database.writing() as session:
            seals = SealRepository(session)
            await seals.lock_sealing()
            log_range = LogRange(
                await seals.get_sealed_until(log),
                (await seals.get_complete_until(), MAX_ID),
            )
            rows = await LogRepository(session, log).read_page(log_range, limit)
            seal = await self.add_seal(session, log, rows)
        return self.publish_seal(seal)

    async def seal_late_rows(self, log: Log, rows: list[Row]) -> None:
        """Seal rows that were inserted after their time had been sealed."""
        async with self.database.writing() as session:
            await SealRepository(session).lock_sealing()
            seal = await self.add_seal(session, log, rows)
        self.publish_seal(seal)

    async def add_seal(
        self, session: AsyncSession, log: Log, rows: list[Row]
    ) -> AuditSeal | None:
        if not rows:
            return None
        seals = SealRepository(session)
        seal = sign_seal(make_seal(await seals.get_newest(), log, rows), self.signer)
        await seals.add_seal(seal)
        return seal

    def publish_seal(self, seal: AuditSeal | None) -> int:
        """Log the seal and append it to AUDIT_SEAL_FILE; return its row count."""
        if seal is None:
            return 0
        logger.info("audit_sealed", number=seal.number, hash=seal.hash, rows=seal.count)
        self.seal_file.append(encode_seal(seal))
        return seal.count


async def export_newest_seal(database: Database) -> bytes | None:
    """Return the newest seal as one line of JSON, or None."""
    async with database.reading() as session:
        seal = await SealRepository(session).get_newest()
    return encode_seal(seal) if seal else None
