"""Primary keys: UUIDs of version 7, which sort by creation time."""

from datetime import datetime, timedelta
from uuid import UUID, SafeUUID

# The compat module returns the standard library's UUID, which every driver accepts.
# Version 7 appends new rows to the end of the index.
from uuid_utils.compat import uuid7

from app.core.clock import TICK, from_ticks, to_ticks

__all__ = ["creation_time", "highest_id", "lowest_id", "uuid7", "uuid_of"]

REST_OF_ID = 80  # bits after the milliseconds
HIGHEST_REST = 2**REST_OF_ID - 1
MAX_MILLISECONDS = 2**48 - 1
MILLISECOND = timedelta(milliseconds=1) // TICK
UNKNOWN = SafeUUID.unknown  # a look-up in an enum is a call


def uuid_of(number: int) -> UUID:
    """Return the id with this number, of at most 128 bits.

    The constructor takes longer than all else that reads an id. The library that makes
    the ids avoids it in the same way.
    """
    id = object.__new__(UUID)
    object.__setattr__(id, "int", number)
    object.__setattr__(id, "is_safe", UNKNOWN)
    return id


def lowest_id(at: datetime, margin: timedelta = TICK * 0) -> UUID:
    """Return the lowest id that can be created at this time, plus the margin."""
    milliseconds = (to_ticks(at) + margin // TICK) // MILLISECOND
    return UUID(int=min(max(milliseconds, 0), MAX_MILLISECONDS) << REST_OF_ID)


def highest_id(at: datetime, margin: timedelta = TICK * 0) -> UUID:
    """Return the highest id that can be created at this time, plus the margin."""
    return UUID(int=lowest_id(at, margin).int | HIGHEST_REST)


def creation_time(id: UUID) -> datetime:
    """Return the time of a UUIDv7, to the millisecond."""
    return from_ticks((id.int >> REST_OF_ID) * MILLISECOND)
