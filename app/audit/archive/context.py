"""Dependencies and options that the archive commands share."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.audit.archive.canonical import Row
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.progress import Progress
from app.audit.archive.repository import LogRepository
from app.audit.archive.seals.sealer import Sealer
from app.audit.archive.store.store import Store
from app.core.db.database import Database


@dataclass(frozen=True)
class ArchiveContext:
    database: Database
    store: Store
    sealer: Sealer
    progress: Progress
    batch_size: int

    async def read_unheld_batches(
        self, log: Log, log_range: LogRange, max_rows: int
    ) -> AsyncIterator[list[Row]]:
        """Yield batches of rows without a legal hold, in key order."""
        while max_rows > 0:
            async with self.database.reading() as session:
                limit = min(max_rows, self.batch_size)
                rows = await LogRepository(session, log).read_unheld_page(
                    log_range, limit
                )
            if not rows:
                return
            yield rows
            max_rows -= len(rows)
            log_range = LogRange((rows[-1]["at"], rows[-1]["id"]), log_range.until)
