"""Deletion of restored rows, in short transactions."""

from app.audit.archive.logs import Log
from app.audit.archive.restore.repository import RestoredRepository
from app.core.db.database import Database


async def purge_restored(database: Database, log: Log, batch_size: int) -> int:
    """Delete all restored rows; return their number. The files stay."""
    total = 0
    while True:
        async with database.writing() as session:
            count = await RestoredRepository(session, log).delete_rows(batch_size)
        if not count:
            return total
        total += count
