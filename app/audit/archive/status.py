"""Read-only summary of logs, files, seals and holds."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.audit.archive.files.repository import FileRepository
from app.audit.archive.holds import HoldRepository
from app.audit.archive.logs import LOGS, WHOLE_LOG, Log
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.partitions.repository import is_partitioned
from app.audit.archive.partitions.summary import PartitionSummary, summarize_partitions
from app.audit.archive.repository import LogRepository
from app.audit.archive.seals.order import OrderRepository
from app.audit.archive.seals.repository import SealRepository
from app.core.db.database import Database


@dataclass
class LogStatus:
    live: int
    oldest: datetime | None
    unsealed: int
    oldest_unsealed: datetime | None
    restored: int
    archived: int
    archived_until: datetime | None
    files: int
    unfinished: list[str]
    copied: list[str]  # files that also contain rows which a hold keeps live
    partitions: PartitionSummary | None


@dataclass
class Status:
    logs: dict[str, LogStatus] = field(default_factory=dict)
    newest_seal: dict[str, Any] | None = None
    holds: list[dict[str, Any]] = field(default_factory=list)


async def make_status(database: Database) -> Status:
    status = Status()
    for log in LOGS.values():
        status.logs[log.name] = await log_status(database, log)
    async with database.reading() as session:
        seal = await SealRepository(session).get_newest()
        holds = await HoldRepository(session).list_active()
    if seal:
        status.newest_seal = seal.model_dump(exclude={"leaves", "edge"})
    status.holds = [hold.model_dump() for hold in holds]
    return status


async def log_status(database: Database, log: Log) -> LogStatus:
    async with database.reading() as session:
        rows = LogRepository(session, log)
        files = await FileRepository(session).list_files(log)
        summary = None
        if is_partitioned(database, log):
            summary = await summarize_partitions(session, log)
        done = [file for file in files if is_done(file, summary)]
        order = OrderRepository(session, log)
        restored = LogRepository(session, log, log.restored)
        return LogStatus(
            live=await rows.count_rows(WHOLE_LOG),
            oldest=await rows.first_at(WHOLE_LOG),
            unsealed=await order.count_unsealed(),
            oldest_unsealed=await order.get_oldest_unsealed(),
            restored=await restored.count_all(),
            archived=sum(file.count for file in done),
            archived_until=max((f.last_at for f in done if f.last_at), default=None),
            files=len(done),
            unfinished=[f"{f.name}: {f.state}" for f in files if f not in done],
            copied=await FileRepository(session).list_held(log),
            partitions=summary,
        )


def is_done(file: AuditArchive, partitions: PartitionSummary | None) -> bool:
    """Return whether a run has no more work with the file itself."""
    waits = partitions is not None and file.state == FileState.VERIFIED
    return file.is_complete or waits
