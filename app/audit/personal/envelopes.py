"""Encrypted values of the change log: AES-256-SIV (RFC 5297), one key for each person.

Equal values of one column and person are equal when encrypted, so that the self-check
can compare them after the key is gone. A value is bound to its record: in the log of
another one it is an ordinary text, so that no API shows a text that was copied there.
"""

from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

PREFIX = "encrypted:"
ID_LENGTH, KEY_LENGTH, TAG_LENGTH = 16, 64, 16
ERASED, MISSING = "[erased]", "[key missing]"


@dataclass(frozen=True, slots=True)
class Key:
    id: bytes  # of a UUID, which takes longer to make than to store
    secret: bytes


class Hidden(str):
    """The text that is shown for a value whose key was destroyed, or is missing.

    Two are equal if the values were: those of one column and key.
    """

    stored: str

    def __new__(cls, text: str, stored: str) -> "Hidden":
        hidden = super().__new__(cls, text)
        hidden.stored = stored
        return hidden

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden) and self.stored == other.stored

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.stored)


class Encryption:
    """Encryption of the values of one record, with one key."""

    def __init__(self, key: Key, record: UUID) -> None:
        self.cipher, self.id, self.place = AESSIV(key.secret), key.id, [record.bytes]

    def encrypt(self, value: str, column: str) -> str:
        text = f"{column}:{value}".encode("utf-8", "surrogateescape")
        packed = self.id + self.cipher.encrypt(text, self.place)
        return PREFIX + b2a_base64(packed, newline=False).decode()


def decrypt(stored: str, record: UUID, secret: bytes) -> str:
    """Return the value, or the stored text if it was not encrypted for this record."""
    try:
        text = AESSIV(secret).decrypt(unpack(stored)[ID_LENGTH:], [record.bytes])
    except InvalidTag:
        return stored
    return text.decode("utf-8", "surrogateescape").partition(":")[2]


def read_secret(text: object) -> bytes:
    """Return a key of a store from its text; empty if that is damaged."""
    try:
        secret = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return b""
    return secret if len(secret) == KEY_LENGTH else b""


def unpack(stored: str) -> bytes:
    return a2b_base64(stored.removeprefix(PREFIX), strict_mode=True)


def key_id(value: Any) -> UUID | None:
    """Return the id of the key of an encrypted value; None if it is another value."""
    if not isinstance(value, str) or not value.startswith(PREFIX):
        return None
    try:
        packed = unpack(value)
    except ValueError:
        return None
    is_whole = len(packed) > ID_LENGTH + TAG_LENGTH
    return UUID(bytes=packed[:ID_LENGTH]) if is_whole else None
