"""Cursors of the logs, as one string.

Those of pages have the timestamp and id of the last row, those of changes a position in
the settled order.
"""

from datetime import UTC, datetime
from uuid import UUID

from app.audit.archive.seals.cursor import Position
from app.core.clock import from_ticks, to_ticks

FIRST = to_ticks(datetime.min.replace(tzinfo=UTC))
LAST = to_ticks(datetime.max.replace(tzinfo=UTC))


def encode_cursor(at: datetime, id: UUID) -> str:
    return f"{to_ticks(at)}.{id.hex}"


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    ticks, _, id = cursor.partition(".")
    return from_ticks(min(max(int(ticks), FIRST), LAST)), UUID(id)


def encode_position(position: Position) -> str:
    return f"{position.transaction_id}-{position.row_id.hex}"


def decode_position(cursor: str) -> Position:
    number, _, id = cursor.partition("-")
    return Position(int(number), UUID(id))
