"""Sealing: the logs get signed fingerprints, batch after batch, each chained."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.canonical import hash_json, leaf, merkle_root, to_line
from app.audit.archive.logs import HIGHEST, LOGS, Log, Span
from app.audit.archive.models import AuditSeal
from app.audit.archive.repository import LogRepository, Row
from app.audit.archive.seal_repository import Leaf, SealRepository, pack
from app.audit.archive.signing import Signer
from app.core.config import Settings
from app.core.database import Database
from app.core.models import now

logger = structlog.get_logger()

BATCH = 500  # rows: the transaction of a seal keeps nobody waiting for long
EVERY = 60.0  # seconds
NOTHING_BEFORE = "0" * 64
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Sealer:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.signer = Signer(settings)
        self.record = settings.AUDIT_SEAL_FILE

    async def seal(self) -> int:
        """Seal all that is complete; return how many rows that was."""
        total = 0
        for log in LOGS.values():
            while count := await self.seal_batch(log):
                total += count
        return total

    async def seal_batch(self, log: Log) -> int:
        async with self.database.writing() as session:
            seals = SealRepository(session)
            await seals.take_turn()
            span = Span(await seals.mark(log), (await seals.complete_until(), HIGHEST))
            rows = await LogRepository(session, log).page(span, BATCH)
            seal = await self.add(session, log, rows)
        return self.announce(seal)

    async def seal_late(self, log: Log, rows: list[Row]) -> int:
        """Seal rows that came after their time had been sealed."""
        async with self.database.writing() as session:
            await SealRepository(session).take_turn()
            seal = await self.add(session, log, rows)
        return self.announce(seal)

    async def add(
        self, session: AsyncSession, log: Log, rows: list[Row]
    ) -> AuditSeal | None:
        if not rows:
            return None
        seals = SealRepository(session)
        seal = self.make(await seals.newest(), log, rows)
        await seals.add(seal)
        return seal

    def make(self, before: AuditSeal | None, log: Log, rows: list[Row]) -> AuditSeal:
        leaves = leaves_of(rows)
        values: dict[str, Any] = {
            "number": before.number + 1 if before else 1,
            "log": log.name.value,
            "sealed_at": now(),
            "first_at": rows[0]["at"],
            "first_id": rows[0]["id"],
            "last_at": rows[-1]["at"],
            "last_id": rows[-1]["id"],
            "count": len(rows),
            "root": merkle_root(each.digest for each in leaves),
            "previous": before.hash if before else NOTHING_BEFORE,
        }
        digest = hash_json(values)
        signed = vars(self.signer.sign(digest))
        return AuditSeal(**values, **signed, hash=digest, leaves=pack(leaves))

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


def leaves_of(rows: Iterable[Row]) -> list[Leaf]:
    return [Leaf(micros(row["at"]), row["id"], leaf(to_line(row))) for row in rows]


def micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def digest_of(seal: AuditSeal) -> str:
    """Return what the seal's hash should be."""
    told = seal.model_dump(exclude={"hash", "kid", "signature", "leaves"})
    return hash_json(told)


def export(seal: AuditSeal) -> bytes:
    return orjson.dumps(seal.model_dump(exclude={"leaves"}), option=orjson.OPT_UTC_Z)


async def newest_seal(database: Database) -> bytes | None:
    """Return the newest seal as one line of JSON; None when there is none yet."""
    async with database.reading() as session:
        seal = await SealRepository(session).newest()
    return export(seal) if seal else None


def append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line + b"\n")


async def seal_for_ever(sealer: Sealer) -> None:
    while True:
        try:
            await sealer.seal()
        except (SQLAlchemyError, OSError):
            logger.exception("audit_not_sealed")
        await asyncio.sleep(EVERY)


@asynccontextmanager
async def sealing(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Seal in the background for as long as this block runs."""
    task = asyncio.create_task(seal_for_ever(Sealer(database, settings)))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
