"""Factories of log rows, and the archive commands on a test database."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID

from sqlalchemy import insert, select

from app.audit.archive.adopt.adopter import Adopter
from app.audit.archive.adopt.report import AdoptReport
from app.audit.archive.canonical import Row, encode_row
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.logs import (
    ACCESSES,
    CHANGES,
    LOGS,
    MAX_ID,
    MIN_KEY,
    Log,
    LogRange,
)
from app.audit.archive.partitions.repository import is_partitioned
from app.audit.archive.progress import Progress
from app.audit.archive.restore.restorer import Restorer
from app.audit.archive.run.archiver import Archiver
from app.audit.archive.run.totals import RunTotals
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.sealer import Sealer
from app.audit.archive.store.opened import open_store
from app.audit.archive.verify.report import FindingKind, VerificationReport
from app.audit.archive.verify.verify import verify
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.ids import uuid7

ResultT = TypeVar("ResultT")
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
OLD = TODAY - timedelta(days=10)  # the first day with rows
KEPT = TODAY - timedelta(days=3)  # the cutoff: later rows stay live
ALL = LogRange(MIN_KEY, (TODAY, MAX_ID))
PRODUCT = "Product"
PEN, INK = UUID(int=1), UUID(int=2)
ANN, BEN = UUID(int=11), UUID(int=12)
KEY = UUID(int=21)  # of a program that acts for BEN


def make_change(at: datetime, number: int, **values: Any) -> Row:
    """Return a change: of PEN by ANN if the number is even, else of INK by BEN."""
    row = {
        "id": uuid7(),
        "at": at,
        "request_id": f"request-{number}",
        "actor_id": BEN if number % 2 else ANN,
        "actor_label": "ben@example.com" if number % 2 else "ann@example.com",
        "key_id": KEY if number % 2 else None,
        "key_name": "import" if number % 2 else None,
        "action": "UPDATE" if number > 1 else "INSERT",
        "entity": PRODUCT,
        "entity_id": INK if number % 2 else PEN,
        "version": number // 2 + 1,
        "old": {"price": "1.00", "name": f"Tinte «{number}»"} if number > 1 else None,
        "new": {"stock": number, "price": "2.50", "on": None, "rate": 0.1},
        "reason": None,
    }
    return row | values


def make_access(at: datetime, number: int, **values: Any) -> Row:
    row = {
        "id": uuid7(),
        "at": at,
        "request_id": f"request-{number}",
        "user_id": BEN if number % 2 else ANN,
        "user_label": "ben@example.com" if number % 2 else "ann@example.com",
        "key_id": KEY if number % 2 else None,
        "key_name": "import" if number % 2 else None,
        "session_id": None,
        "ip": "192.0.2.1",
        "method": "GET",
        "path": f"/api/v1/products/{number}",
        "route": "/api/v1/products/{id}",
        "query": "",
        "status": 200,
        "duration_ms": number / 7,
        "bytes": 100,
        "user_agent": None,
        "outcome": "ok",
    }
    return row | values


def times(days: int, each: int) -> Iterator[datetime]:
    """Yield `each` times on each of `days` days from OLD on."""
    for day in range(days):
        for number in range(each):
            yield OLD + timedelta(days=day, minutes=number, microseconds=number)


def make_changes(days: int = 10, each: int = 6) -> list[Row]:
    return [make_change(at, number) for number, at in enumerate(times(days, each))]


def make_accesses(days: int = 10, each: int = 4) -> list[Row]:
    return [make_access(at, number) for number, at in enumerate(times(days, each))]


@dataclass
class AuditLog:
    """Both logs on a database of their own, with an archive directory."""

    settings: Settings
    directory: Path  # or the copy of what is in a bucket
    progress: Progress = field(default_factory=Progress)
    batch_size: int = 5
    location: str = ""  # of the archive, as AUDIT_ARCHIVE_DIR names it

    def __post_init__(self) -> None:
        self.location = self.location or str(self.directory)

    def with_settings(self, settings: Settings) -> Self:
        """Return the archive with another database, or with other keys."""
        other = copy(self)
        other.settings, other.progress = settings, Progress()
        return other

    def exchanging(self) -> AbstractContextManager[None]:
        """Let a command see the directory as it is, and the other way round."""
        return nullcontext()

    def run(self, work: Callable[[ArchiveContext], Awaitable[ResultT]]) -> ResultT:
        async def run_work() -> ResultT:
            database = Database(self.settings)
            sealer = Sealer(database, self.settings)
            store = open_store(self.location, self.settings)
            context = ArchiveContext(
                database, store, sealer, self.progress, self.batch_size
            )
            try:
                return await work(context)
            finally:
                await database.close()

        with self.exchanging():
            return asyncio.run(run_work())

    def fill(self, days: int = 10) -> None:
        self.add(CHANGES, make_changes(days))
        self.add(ACCESSES, make_accesses(days))

    def lines(self, log: Log) -> list[bytes]:
        """Return the lines of all files of a log."""
        files = sorted((self.directory / log.name).rglob("*.jsonl.gz"))
        content = b"".join(gzip.decompress(file.read_bytes()) for file in files)
        return content.splitlines()

    def live_lines(self, log: Log) -> list[bytes]:
        """Return the live rows that tests have added, as canonical lines."""
        rows = [row for row in self.rows(log) if row.get("entity", PRODUCT) == PRODUCT]
        return [encode_row(row) for row in rows]

    def add(self, log: Log, rows: list[Row]) -> None:
        async def write(context: ArchiveContext) -> None:
            async with context.database.writing() as session:
                await session.execute(insert(log.live), rows)

        self.run(write)

    def rows(self, log: Log, *, restored: bool = False) -> list[Row]:
        async def read(context: ArchiveContext) -> list[Row]:
            table = log.restored if restored else log.live
            columns = [each for each in table.c if each.name != "transaction_id"]
            async with context.database.reading() as session:
                found = await session.execute(select(*columns).order_by(table.c.id))
                return [dict(row) for row in found.mappings()]

        return self.run(read)

    def keeps_archived(self, log: Log) -> bool:
        """Return whether archived rows stay live until their partition is dropped."""
        return is_partitioned(Database(self.settings), log)

    def seal(self) -> int:
        return self.run(lambda context: context.sealer.seal())

    def archive(self, before: datetime = KEPT) -> dict[str, RunTotals]:
        async def run(context: ArchiveContext) -> dict[str, RunTotals]:
            logs = LOGS.values()
            return {log.name: await Archiver(context, log).run(before) for log in logs}

        return self.run(run)

    def seals(self) -> list[AuditSeal]:
        async def read(context: ArchiveContext) -> list[AuditSeal]:
            async with context.database.reading() as session:
                return await SealRepository(session).read_page(0, 1_000)

        return self.run(read)

    def restore(self) -> dict[str, RunTotals]:
        async def run(context: ArchiveContext) -> dict[str, RunTotals]:
            logs = LOGS.values()
            return {
                log.name: await Restorer(context, log).restore_range(ALL)
                for log in logs
            }

        return self.run(run)

    def adopt(self) -> AdoptReport:
        return self.run(lambda context: Adopter(context).adopt(dry_run=False))

    def verify(self, *evidence: SealRef | str) -> VerificationReport:
        return self.run(lambda context: verify(context, LOGS.values(), list(evidence)))

    def count_findings(self, *evidence: SealRef | str) -> dict[FindingKind, int]:
        return dict(self.verify(*evidence).counts)


class CallAtStep(Progress):
    """Call a function once, when a file reaches a step."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        super().__init__()
        self.name = name
        self.work = work
        self.exchanging: Callable[[], AbstractContextManager[None]] = nullcontext

    def report_step(self, name: str, file: str) -> None:
        if name == self.name:
            self.name = ""
            # Use another thread: this one is running the event loop of the run.
            with ThreadPoolExecutor() as threads:
                threads.submit(self.exchange_and_work).result()

    def exchange_and_work(self) -> None:
        with self.exchanging():
            self.work()
