"""Where a stretch of a log ended: the last row's instant and id, as one word."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def write_cursor(at: datetime, id: UUID) -> str:
    return f"{(at - EPOCH) // MICROSECOND}.{id.hex}"


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    microseconds, _, id = cursor.partition(".")
    return EPOCH + int(microseconds) * MICROSECOND, UUID(id)
