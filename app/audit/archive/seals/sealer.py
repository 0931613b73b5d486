"""Sealing: the logs get signed fingerprints, batch after batch, each chained."""

from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.batching import BatchSizer
from app.audit.archive.canonical import Row
from app.audit.archive.logs import HIGHEST, LOGS, Log, LogRange
from app.audit.archive.models import AuditSeal
from app.audit.archive.repository import LogRepository
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.seal import export, follow, sign
from app.audit.archive.seals.signing import Signer
from app.core.config import Settings
from app.core.db.database import Database

logger = structlog.get_logger()

BATCH = 500  # rows: the transaction of a seal keeps nobody waiting for long


class Sealer:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.signer = Signer(settings)
        self.record = settings.AUDIT_SEAL_FILE

    async def seal(self) -> int:
        """Seal all that is complete; return how many rows that was."""
        total = 0
        pace = BatchSizer(most=BATCH)
        for log in LOGS.values():
            count = 1
            while count:
                async with pace.measured():
                    count = await self.seal_batch(log, pace.rows)
                total += count
        return total

    async def seal_batch(self, log: Log, limit: int) -> int:
        async with self.database.writing() as session:
            seals = SealRepository(session)
            await seals.take_turn()
            span = LogRange(
                await seals.mark(log), (await seals.complete_until(), HIGHEST)
            )
            rows = await LogRepository(session, log).page(span, limit)
            seal = await self.add(session, log, rows)
        return self.announce(seal)

    async def seal_late(self, log: Log, rows: list[Row]) -> None:
        """Seal rows that came after their time had been sealed."""
        async with self.database.writing() as session:
            await SealRepository(session).take_turn()
            seal = await self.add(session, log, rows)
        self.announce(seal)

    async def add(
        self, session: AsyncSession, log: Log, rows: list[Row]
    ) -> AuditSeal | None:
        if not rows:
            return None
        seals = SealRepository(session)
        seal = sign(follow(await seals.newest(), log, rows), self.signer)
        await seals.add(seal)
        return seal

    def announce(self, seal: AuditSeal | None) -> int:
        """Tell the newest seal to the log, and to a file that may be kept elsewhere."""
        if seal is None:
            return 0
        logger.info("audit_sealed", number=seal.number, hash=seal.hash, rows=seal.count)
        if self.record:
            try:
                append(Path(self.record), export(seal))
            except OSError as error:
                logger.error("audit_seal_not_recorded", reason=str(error))
        return seal.count


def append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line + b"\n")


async def newest_seal(database: Database) -> bytes | None:
    """Return the newest seal as one line of JSON; None when there is none yet."""
    async with database.reading() as session:
        seal = await SealRepository(session).newest()
    return export(seal) if seal else None
