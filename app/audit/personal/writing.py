"""Encryption of the personal values in new rows of the change log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.audit.personal.envelopes import Encryption, Key
from app.audit.personal.keys import keys_at
from app.core.db.personal.erased import is_erased
from app.core.models import Entity

Row = dict[str, Any]
SIDES = ("old", "new")


def encrypt_rows(keys: str, written: Sequence[tuple[type[Entity], Row]]) -> None:
    """Encrypt the personal values of rows that are about to be inserted.

    `keys` is the URL of the keys; without one, the values stay in clear.

    Raises:
        KeysUnavailableException: the keys can't be had, or not be made.
    """
    if not keys:
        return
    found = [(model, row) for model, row in written if has_personal(model, row)]
    if found:
        new = {row["entity_id"] for _, row in found if row["version"] == 1}
        old = {row["entity_id"] for _, row in found} - new
        own = keys_at(keys).of(old, new)
        for model, row in found:
            encrypt_row(model, row, own[row["entity_id"]])


def has_personal(model: type[Entity], row: Row) -> bool:
    names = model.personal.keys()
    return bool(names) and any(
        isinstance(values.get(name), str)
        for values in map(row.get, SIDES)
        if values
        for name in names
    )


def encrypt_row(model: type[Entity], row: Row, key: Key) -> None:
    """Encrypt the values, except those that an erasure leaves: no one is in them."""
    id: UUID = row["entity_id"]
    encryption = Encryption(key, id)
    for values in (row["old"] or {}, row["new"] or {}):
        for name, rule in model.personal.items():
            value = values.get(name)
            if isinstance(value, str) and not is_erased(value, rule, id):
                values[name] = encryption.encrypt(value, name)
