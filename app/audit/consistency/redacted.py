"""Comparison of redacted values, some of which were hashed with an old key."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.audit.changes.snapshots import redact

PREFIX = "hmac:"


class RedactedValues:
    """The redacted columns of one record.

    Two hashes of one value under two keys are unequal, and the value before a change
    is not stored anywhere. So each column may differ from its predecessor once for each
    old key, as if SECRET_KEY had been changed between the two.
    """

    def __init__(self, keys: tuple[bytes, ...], columns: Iterable[str]) -> None:
        self.keys = keys
        self.rotations_left = dict.fromkeys(columns, len(keys) - 1)

    def may_be_rotated(self, column: str, *values: Any) -> bool:
        """Return whether the hashes may be of one value; count it as a rotation."""
        hashed = all(
            isinstance(each, str) and each.startswith(PREFIX) for each in values
        )
        if not hashed or self.rotations_left.get(column, 0) <= 0:
            return False
        self.rotations_left[column] -= 1
        return True

    def matches(self, id: UUID, column: str, stored: Any, logged: Any) -> bool:
        """Return whether `logged` is the hash of `stored` under one of the keys."""
        hashes = (redact(stored, key + id.bytes + column.encode()) for key in self.keys)
        return column in self.rotations_left and logged in hashes
