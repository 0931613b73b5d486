"""Rows of the access log: from the lines of a segment into the database."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import orjson
import structlog

from app.audit.access_row import Row
from app.audit.models import AuditAccess
from app.core.database import Database
from app.core.upsert import upsert

logger = structlog.get_logger()


def read_rows(segment: Iterable[bytes]) -> Iterator[Row]:
    """Yield the rows of a segment. A line that its process left torn is skipped."""
    torn = 0
    for line in segment:
        try:
            yield read_row(line)
        except (ValueError, KeyError, TypeError):
            torn += 1
    if torn:
        logger.error("access_lines_torn", lines=torn)


def read_row(line: bytes) -> Row:
    row: Row = orjson.loads(line)
    row["id"], row["at"] = UUID(row["id"]), datetime.fromisoformat(row["at"])
    row["user_id"] = row["user_id"] and known_id(row["user_id"])
    row["session_id"] = row["session_id"] and known_id(row["session_id"])
    return row


# Those who ask are few, and ask often.
known_id = lru_cache(1_000)(UUID)


async def insert(database: Database, rows: list[Row]) -> None:
    async with database.writing() as session:
        table = upsert(session, AuditAccess.__table__)  # type: ignore[attr-defined]
        await session.execute(table.on_conflict_do_nothing(), rows)
