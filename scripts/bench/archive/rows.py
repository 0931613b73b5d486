"""Rows of the archive benchmark, like those of PATCH requests over a month."""

import random
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select, text

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import CHANGES
from app.core.db.database import Database
from app.core.db.ids import uuid7
from tests.databases import make_settings

ENTITIES = [uuid4() for _ in range(10_000)]
ACTORS = [uuid4() for _ in range(50)]
REQUEST = uuid4().hex
CHUNK = 10_000
DAYS = 15  # of each half of the rows
SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    "postgresql": "SELECT pg_total_relation_size('audit_change')",
}
Row = dict[str, Any]


def first_day(half: int) -> datetime:
    """Return the first day of a half: 0, 1, or 2 for the day after the rows."""
    today = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    return today - timedelta(days=400 - half * DAYS)


def make_row(number: int, at: datetime) -> Row:
    before = at - timedelta(seconds=random.uniform(1, 1e6))
    old = {"stock": random.randrange(1_000), "updated_at": before.isoformat()}
    new = {"stock": random.randrange(1_000), "updated_at": at.isoformat()}
    return {
        "id": uuid7(),
        "at": at,
        "request_id": uuid7().hex if number else REQUEST,
        "actor_id": ACTORS[number % 50],
        "actor_label": f"clerk-{number % 50}@example.com",
        "action": "UPDATE",
        "entity": "Product",
        "entity_id": ENTITIES[number % len(ENTITIES)],
        "version": number // len(ENTITIES) + 1,
        "old": old,
        "new": new,
        "reason": None,
    }


async def insert_rows(url: str, half: int, count: int) -> None:
    """Insert the old rows of one half of the month, in transactions of CHUNK rows."""
    database = Database(make_settings(url, DATABASE_TIMEOUT=120))
    step = timedelta(days=DAYS) / count
    for first in range(0, count, CHUNK):
        numbers = range(first, min(first + CHUNK, count))
        start = first_day(half)
        rows = [make_row(half * count + n, start + step * n) for n in numbers]
        async with database.writing() as session:
            await session.execute(insert(CHANGES.live), rows)
    await database.close()


async def leaf_bytes(url: str) -> int:
    """Return the size of the leaves that the seals have, in bytes."""
    database = Database(make_settings(url, DATABASE_TIMEOUT=120))
    async with database.reading() as session:
        size = await session.scalar(select(func.sum(func.length(AuditSeal.leaves))))
    await database.close()
    return int(size or 0)


async def live_bytes(url: str) -> int:
    """Return the size of the change log with its indexes, in bytes."""
    database = Database(make_settings(url, DATABASE_TIMEOUT=120))
    async with database.reading() as session:
        size = await session.scalar(text(SIZES[database.engine.dialect.name]))
    await database.close()
    return int(size or 0)
