"""The partitions of a log (PostgreSQL)."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.logs import ACCESSES, Log
from app.core.db.database import Database
from app.core.db.ids import lowest_id

PARTITIONS = text("""
SELECT c.relname::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
WHERE inhparent = to_regclass(:table) ORDER BY c.relname
""")
LOWER, UPPER = (re.compile(rf"{word} \('([^']+)'\)") for word in ("FROM", "TO"))


@dataclass(frozen=True)
class Partition:
    """The ids from `lower` up to, but not including, `upper`.

    The default partition has neither: it holds the ids outside all others.
    """

    name: str
    lower: UUID | None
    upper: UUID | None

    @property
    def is_default(self) -> bool:
        return self.lower is None and self.upper is None

    def includes(self, id: UUID) -> bool:
        above = self.lower is None or self.lower <= id
        return above and self.upper is not None and id < self.upper

    def ends_before(self, at: datetime) -> bool:
        return self.upper is not None and self.upper <= lowest_id(at)


def is_partitioned(database: Database, log: Log) -> bool:
    return log is ACCESSES and database.engine.dialect.name == "postgresql"


async def list_partitions(session: AsyncSession, log: Log) -> list[Partition]:
    rows = await session.execute(PARTITIONS, {"table": log.live.name})
    return [
        Partition(row.name, find_id(LOWER, row.bounds), find_id(UPPER, row.bounds))
        for row in rows
    ]


def find_id(pattern: re.Pattern[str], bounds: str) -> UUID | None:
    found = pattern.search(bounds)
    return UUID(found[1]) if found else None
