"""State of the audit for the metrics: its spool, seals and archive."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from app.audit.access.access_log import AccessLog
from app.audit.access.segments import list_segments
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import LOGS
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.partitions.repository import is_partitioned
from app.audit.archive.seals.sealer import Sealer
from app.audit.feed.feed import Feed
from app.core.clock import now
from app.core.db.database import Database

REFRESH = 30.0  # seconds between the queries; the sample is more frequent
Ages = dict[str, datetime]


class AuditGauges:
    """Readers of the parts in the application's state, and of the database."""

    def __init__(self, database: Database, state: Any, sealer: Sealer) -> None:
        self.database, self.sealer = database, sealer
        self.log: AccessLog = state.access_log
        self.feed: Feed = state.feed
        self.sealed, self.archived = Ages(), Ages()
        self.unfinished: dict[str, float] = {}
        self.refreshed = -REFRESH

    def readers(self) -> dict[str, Callable[[], float | Mapping[str, float]]]:
        spool, sealer = self.log.spool, self.sealer
        return {
            "audit_accesses_lost_total": lambda: spool.lost_lines,
            "audit_checkpoints_lost_total": lambda: sealer.seal_file.lost,
            "audit_spool_bytes": lambda: sum(sizes(spool.folder)),
            "audit_spool_age_seconds": lambda: oldest_age(spool.folder),
            "audit_lines_set_aside": self.log.count_set_aside,
            "audit_loader_lag_seconds": self.log.loader_lag,
            "audit_unsealed_seconds": lambda: sealer.backlog.age().total_seconds(),
            "audit_seal_age_seconds": lambda: ages(self.sealed),
            "audit_archive_age_seconds": lambda: ages(self.archived),
            "audit_archive_unfinished_files": lambda: self.unfinished,
            "feeds_open": self.count_feeds,
            "audit_rewritten": lambda: bool(sealer.watch.alarms),
        }

    def count_feeds(self) -> int:
        return self.feed.streams.of_users.total()

    async def refresh(self) -> None:
        if time.monotonic() < self.refreshed + REFRESH:
            return
        self.refreshed = time.monotonic()
        # While the database is away, the ages go on from what was read last.
        with suppress(SQLAlchemyError, OSError):
            await self.read_ages()

    async def read_ages(self) -> None:
        seal, file = AuditSeal, AuditArchive
        logs = LOGS.values()  # a verified file of some waits for its partition
        waiting = [log.name for log in logs if is_partitioned(self.database, log)]
        unfinished = or_(
            col(file.state) == FileState.WRITING,
            and_(col(file.state) == FileState.VERIFIED, col(file.log).not_in(waiting)),
        )
        self.sealed = await self.by_log(col(seal.log), func.max(col(seal.sealed_at)))
        newest = func.max(col(file.started_at))
        self.archived = await self.by_log(col(file.log), newest)
        counts = await self.by_log(col(file.log), func.count(), unfinished)
        self.unfinished = {log: counts.get(log, 0) for log in LOGS}

    async def by_log(self, log: Any, value: Any, *where: Any) -> dict[str, Any]:
        async with self.database.reading() as session:
            query = select(log, value).where(*where).group_by(log)
            return {row[0]: row[1] for row in await session.execute(query)}


def segments(folder: Path) -> list[Path]:
    """Return the segments; none of a folder that can't be read: its loader lags."""
    with suppress(OSError):
        return list_segments(folder)
    return []


def sizes(folder: Path) -> list[int]:
    """Return the sizes of the segments. Any of them may be gone meanwhile."""
    found = []
    for path in segments(folder):
        with suppress(OSError):
            found.append(path.stat().st_size)
    return found


def oldest_age(folder: Path) -> float:
    """Return the age of the oldest segment, whose name begins with its time."""
    names = [path.stem for path in segments(folder)]
    try:
        made = int(names[0][:12], 16) / 1000 if names else time.time()
    except ValueError:  # a file of that name is not the application's
        return 0
    return max(0, time.time() - made)


def ages(times: Ages) -> dict[str, float]:
    return {log: (now() - at).total_seconds() for log, at in times.items()}
