"""Cursors of the logs: the timestamp and id of a page's last row, as one string."""

from datetime import datetime
from uuid import UUID

from app.core.clock import from_ticks, to_ticks


def encode_cursor(at: datetime, id: UUID) -> str:
    return f"{to_ticks(at)}.{id.hex}"


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    ticks, _, id = cursor.partition(".")
    return from_ticks(int(ticks)), UUID(id)
