"""Rows of both logs, some of them old, and the archiver on a database of a test."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import insert, select

from app.audit.archive.canonical import Row, to_line
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import SealMark
from app.audit.archive.files.store import Store
from app.audit.archive.logs import (
    ACCESSES,
    BEGINNING,
    CHANGES,
    HIGHEST,
    LOGS,
    Log,
    LogRange,
)
from app.audit.archive.models import AuditSeal
from app.audit.archive.progress import Progress
from app.audit.archive.restore.restorer import Restorer
from app.audit.archive.run.archiver import Archiver, Outcome
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.sealer import Sealer
from app.audit.archive.verify.report import Kind, Report
from app.audit.archive.verify.verify import verify
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.ids import uuid7

ResultT = TypeVar("ResultT")
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
OLD = TODAY - timedelta(days=10)  # the first of the old days
KEPT = TODAY - timedelta(days=3)  # what is younger than this stays
ALL = LogRange(BEGINNING, (TODAY, HIGHEST))
PRODUCT = "Product"
PEN, INK = UUID(int=1), UUID(int=2)
ANN, BEN = UUID(int=11), UUID(int=12)


def change(at: datetime, number: int, **values: Any) -> Row:
    """Return a change; every second one is the pen's, by Ann."""
    row = {
        "id": uuid7(),
        "at": at,
        "request_id": f"request-{number}",
        "actor_id": BEN if number % 2 else ANN,
        "actor_label": "ben@example.com" if number % 2 else "ann@example.com",
        "action": "UPDATE" if number > 1 else "INSERT",
        "entity": PRODUCT,
        "entity_id": INK if number % 2 else PEN,
        "version": number // 2 + 1,
        "old": {"price": "1.00", "name": f"Tinte «{number}»"} if number > 1 else None,
        "new": {"stock": number, "price": "2.50", "on": None, "rate": 0.1},
        "reason": None,
    }
    return row | values


def access(at: datetime, number: int, **values: Any) -> Row:
    row = {
        "id": uuid7(),
        "at": at,
        "request_id": f"request-{number}",
        "user_id": BEN if number % 2 else ANN,
        "user_label": "ben@example.com" if number % 2 else "ann@example.com",
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
    """Yield so many times on each of the days from OLD on."""
    for day in range(days):
        for number in range(each):
            yield OLD + timedelta(days=day, minutes=number, microseconds=number)


def changes(days: int = 10, each: int = 6) -> list[Row]:
    return [change(at, number) for number, at in enumerate(times(days, each))]


def accesses(days: int = 10, each: int = 4) -> list[Row]:
    return [access(at, number) for number, at in enumerate(times(days, each))]


@dataclass
class Trail:
    """An audit trail on a database of its own, with an archive beside it."""

    settings: Settings
    folder: Path
    progress: Progress = field(default_factory=Progress)

    def use(self, work: Callable[[ArchiveContext], Awaitable[ResultT]]) -> ResultT:
        async def run() -> ResultT:
            database = Database(self.settings)
            sealer = Sealer(database, self.settings)
            context = ArchiveContext(
                database, Store(self.folder), sealer, self.progress, 5
            )
            try:
                return await work(context)
            finally:
                await database.close()

        return asyncio.run(run())

    def fill(self, days: int = 10) -> None:
        self.add(CHANGES, changes(days))
        self.add(ACCESSES, accesses(days))

    def lines(self, log: Log) -> list[bytes]:
        """Return what all finished files of a log hold."""
        files = sorted((self.folder / log.name).rglob("*.jsonl.gz"))
        content = b"".join(gzip.decompress(file.read_bytes()) for file in files)
        return content.splitlines()

    def live_lines(self, log: Log) -> list[bytes]:
        """Return the rows that are alive, but for those that no test has added."""
        rows = [row for row in self.rows(log) if row.get("entity", PRODUCT) == PRODUCT]
        return [to_line(row) for row in rows]

    def add(self, log: Log, rows: list[Row]) -> None:
        async def write(context: ArchiveContext) -> None:
            async with context.database.writing() as session:
                await session.execute(insert(log.live), rows)

        self.use(write)

    def rows(self, log: Log, *, restored: bool = False) -> list[Row]:
        async def read(context: ArchiveContext) -> list[Row]:
            table = log.restored if restored else log.live
            async with context.database.reading() as session:
                found = await session.execute(select(table).order_by(table.c.id))
                return [dict(row) for row in found.mappings()]

        return self.use(read)

    def seal(self) -> int:
        return self.use(lambda context: context.sealer.seal())

    def archive(self, before: datetime = KEPT) -> dict[str, Outcome]:
        async def run(context: ArchiveContext) -> dict[str, Outcome]:
            logs = LOGS.values()
            return {log.name: await Archiver(context, log).run(before) for log in logs}

        return self.use(run)

    def seals(self) -> list[AuditSeal]:
        async def read(context: ArchiveContext) -> list[AuditSeal]:
            async with context.database.reading() as session:
                return await SealRepository(session).page(0, 1_000)

        return self.use(read)

    def restore(self) -> dict[str, Outcome]:
        async def run(context: ArchiveContext) -> dict[str, Outcome]:
            logs = LOGS.values()
            return {log.name: await Restorer(context, log).restore(ALL) for log in logs}

        return self.use(run)

    def verify(self, *witnesses: SealMark) -> Report:
        return self.use(lambda context: verify(context, LOGS.values(), list(witnesses)))

    def faults(self, *witnesses: SealMark) -> dict[Kind, int]:
        return dict(self.verify(*witnesses).counts)


class At(Progress):
    """Does something when a file has come to a step, once."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        super().__init__()
        self.name = name
        self.work = work

    def step(self, name: str, file: str) -> None:
        if name == self.name:
            self.name = ""
            # On a thread of its own: the run's event loop is under way in this one.
            with ThreadPoolExecutor() as threads:
                threads.submit(self.work).result()
