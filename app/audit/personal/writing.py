"""Encryption of the personal values in new rows of the change log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.audit.personal.envelopes import PREFIX, Encryption, Key, key_id
from app.audit.personal.keys import keys_at
from app.core.db.personal.erased import is_erased
from app.core.models import Entity

Row = dict[str, Any]


def encrypt_rows(keys: str, written: Sequence[tuple[type[Entity], Row]]) -> None:
    """Encrypt the personal values of rows that are about to be inserted.

    And texts of any column that look encrypted: they would be taken for it.

    `keys` is the URL of the keys; without one, the values stay in clear.

    Raises:
        KeysUnavailableException: the keys can't be had, or not be made.
    """
    if not keys:
        return
    found = [(model, row) for model, row in written if has_any(model, row)]
    if found:
        new = {row["entity_id"] for _, row in found if row["version"] == 1}
        old = {row["entity_id"] for _, row in found} - new
        own = keys_at(keys).of(old, new)
        for model, row in found:
            encrypt_row(model, row, own[row["entity_id"]])


def has_any(model: type[Entity], row: Row) -> bool:
    # Each write of any entity pays for it: a loop takes half of the time of any().
    for values in (row["old"], row["new"]):
        for name, value in values.items() if values else ():
            if isinstance(value, str) and must_be_encrypted(model, name, value):
                return True
    return False


def must_be_encrypted(model: type[Entity], name: str, value: str) -> bool:
    if name in model.personal:
        return True
    return value[:1] == PREFIX[0] and key_id(value) is not None


def encrypt_row(model: type[Entity], row: Row, key: Key) -> None:
    """Encrypt the values, except those that an erasure leaves: no one is in them."""
    id: UUID = row["entity_id"]
    encryption = Encryption(key, id)
    for values in (row["old"] or {}, row["new"] or {}):
        for name, value in values.items():
            if not isinstance(value, str) or not must_be_encrypted(model, name, value):
                continue
            if not is_erased(value, model.personal.get(name), id):
                values[name] = encryption.encrypt(value, name)
