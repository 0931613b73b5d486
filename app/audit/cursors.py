"""Where a stretch of a log ended: the last row's instant and id, as one word."""

from datetime import datetime
from uuid import UUID

from app.core.clock import from_ticks, to_ticks


def write_cursor(at: datetime, id: UUID) -> str:
    return f"{to_ticks(at)}.{id.hex}"


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    ticks, _, id = cursor.partition(".")
    return from_ticks(int(ticks)), UUID(id)
