"""What every command of the archiver works with: made once, from its options."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.audit.archive.canonical import Row
from app.audit.archive.files.store import Store
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.progress import Progress
from app.audit.archive.repository import LogRepository
from app.audit.archive.seals.sealer import Sealer
from app.core.db.database import Database


@dataclass(frozen=True)
class ArchiveContext:
    database: Database
    store: Store
    sealer: Sealer
    progress: Progress
    batch_size: int

    async def pages(
        self, log: Log, span: LogRange, most: int
    ) -> AsyncIterator[list[Row]]:
        """Yield rows that may be archived, a batch at a time, in the log's order."""
        while most > 0:
            async with self.database.reading() as session:
                limit = min(most, self.batch_size)
                rows = await LogRepository(session, log).unheld_page(span, limit)
            if not rows:
                return
            yield rows
            most -= len(rows)
            span = LogRange((rows[-1]["at"], rows[-1]["id"]), span.until)
