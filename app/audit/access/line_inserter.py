"""Inserts of the lines of a segment; those that cannot be inserted are set aside."""

import asyncio
from collections.abc import Iterable
from itertools import islice

import structlog
from sqlalchemy.exc import DBAPIError

from app.audit.access.line_parser import ParsedLine, parse_lines
from app.audit.access.repository import AccessRepository
from app.audit.access.set_aside import KINDS, SetAside
from app.core.db.database_errors import is_permanent

BATCH_ROWS = 250  # per transaction, which blocks other writers on SQLite

logger = structlog.get_logger()


class LineInserter:
    def __init__(self, repository: AccessRepository, set_aside: SetAside) -> None:
        self.repository = repository
        self.set_aside = set_aside

    async def load_lines(self, name: str, lines: Iterable[bytes]) -> None:
        """Insert the rows of a segment; set aside lines that cannot be inserted."""
        rejected: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
        remaining = iter(lines)
        while batch := list(islice(remaining, BATCH_ROWS)):
            rows, torn = parse_lines(batch, self.repository.driver_values)
            rejected["torn"] += torn
            rejected["refused"] += await self.insert(rows)
            # Give waiting requests their turn between the batches.
            await asyncio.sleep(0)
        for kind, rejects in rejected.items():
            self.set_aside.write(name, kind, rejects)

    async def insert(self, rows: list[ParsedLine]) -> list[bytes]:
        """Insert rows; return the lines that the database rejects permanently."""
        if not rows:
            return []
        try:
            await self.repository.insert([values for _, values in rows])
        except DBAPIError as error:
            if not is_permanent(error):
                raise
            if len(rows) == 1:
                logger.exception("access_row_refused")
                return [rows[0][0]]
            # One of them is rejected: find it by halves, and insert the others.
            half = len(rows) // 2
            return [*await self.insert(rows[:half]), *await self.insert(rows[half:])]
        return []
