"""Comparison of redacted values, some of which were hashed with an old key."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from app.audit.changes.snapshots import redact
from app.audit.personal.envelopes import Hidden, key_id

PREFIX = "hmac:"


class RedactedValues:
    """The redacted columns of one record.

    A column may have become redacted, or have ceased to be, in a later release. Then
    one of two values is hashed, and the other is not.
    """

    def __init__(
        self, id: UUID, keys: tuple[bytes, ...], columns: Collection[str]
    ) -> None:
        self.id, self.keys = id, keys
        self.rotations_left = dict.fromkeys(columns, len(keys) - 1)
        self.uncompared = 0  # values that can't be decrypted

    def may_be_equal(self, column: str, first: Any, second: Any) -> bool:
        """Return whether two logged values may be of one value.

        Hashes of one value under two keys differ, and no plain text is left to compare.
        So each column may differ from its predecessor once for each old key, as if
        SECRET_KEY had been changed between the two. Count it as used.
        """
        if isinstance(first, Hidden) or isinstance(second, Hidden):
            return self.may_be_one_value(first, second)
        if is_hash(first) and is_hash(second):
            left = self.rotations_left.get(column, 0)
            self.rotations_left[column] = left - 1
            return left > 0
        if is_hash(first):
            return first in self.hashes(column, second)
        return is_hash(second) and second in self.hashes(column, first)

    def matches(self, column: str, stored: Any, logged: Any) -> bool:
        """Return whether a value in the log is the one in the row."""
        if isinstance(logged, Hidden):
            return self.may_be_one_value(stored, logged)
        hashes = self.hashes(column, stored)
        if is_hash(logged):
            return logged in hashes
        return column in self.rotations_left and hashes == self.hashes(column, logged)

    def may_be_one_value(self, first: Any, second: Any) -> bool:
        """Return whether two values may be equal of which one can't be decrypted.

        Two that differ under one key are not. Count the others.
        """
        both = isinstance(first, Hidden) and isinstance(second, Hidden)
        if both and key_id(first.stored) == key_id(second.stored):
            return False
        self.uncompared += 1
        return True

    def hashes(self, column: str, value: Any) -> list[str | None]:
        salt = self.id.bytes + column.encode()
        return [redact(value, key + salt) for key in self.keys]


def is_hash(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(PREFIX)
