"""Decryption of the personal values in rows of the change log.

The one way by which stored values come to be shown, compared and restored. The rows
that are sealed, archived, verified and proved are those that are stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.util import greenlet_spawn

from app.audit.personal.envelopes import ERASED, MISSING, Hidden, decrypt, key_id
from app.audit.personal.keys import keys_at
from app.audit.personal.users import ENCRYPTED, reveal_user

Row = dict[str, Any]
Secrets = Mapping[UUID, bytes | None]
SIDES = ("old", "new")
PART_ROWS = 100  # decrypted at a time, which stops the event loop for some 5 ms


async def reveal_entries(keys: str, rows: list[Row]) -> list[Row]:
    """Return rows of a log with the values that they had before they were encrypted.

    `keys` is the URL of the keys; without one, nothing is changed.

    Raises:
        KeysUnavailableException: a value is encrypted, and the keys can't be had.
    """
    return await in_parts(rows, partial(reveal_entries_part, keys)) if keys else rows


async def reveal_changes(keys: str, rows: list[Row]) -> list[Row]:
    """Do the same with the values of records alone, without who has changed them."""
    return await in_parts(rows, partial(reveal_changes_part, keys)) if keys else rows


async def reveal_states(keys: str, rows: list[Row]) -> list[Row]:
    """Do the same with rows of recorded values, with the record's `id`."""
    return await in_parts(rows, partial(reveal_states_part, keys)) if keys else rows


async def in_parts(
    rows: list[Row], reveal_part: Callable[[list[Row]], Awaitable[list[Row]]]
) -> list[Row]:
    """Return the revealed rows; other requests take their turn between two parts."""
    shown: list[Row] = []
    for start in range(0, len(rows), PART_ROWS):
        if start:
            await asyncio.sleep(0)
        shown += await reveal_part(rows[start : start + PART_ROWS])
    return shown


async def reveal_entries_part(keys: str, rows: list[Row]) -> list[Row]:
    users = [{ENCRYPTED: row.get(ENCRYPTED)} for row in rows]
    secrets = await find_secrets(keys, [*users, *values_of(rows)])
    return [reveal_entry(row, secrets) for row in rows] if secrets else rows


async def reveal_changes_part(keys: str, rows: list[Row]) -> list[Row]:
    secrets = await find_secrets(keys, values_of(rows))
    return [reveal_change(row, secrets) for row in rows] if secrets else rows


def values_of(rows: list[Row]) -> Iterator[Row]:
    sides = (side for row in rows for side in map(row.get, SIDES))
    return (side for side in sides if isinstance(side, dict))


async def reveal_states_part(keys: str, rows: list[Row]) -> list[Row]:
    secrets = await find_secrets(keys, rows)
    return [reveal(row, row["id"], secrets) for row in rows] if secrets else rows


async def find_secrets(keys: str, found: Iterable[Row]) -> dict[UUID, Any]:
    """Return the keys of the encrypted values by id; None for those without one."""
    ids = set(key_ids(found))
    if not ids:
        return {}
    return dict.fromkeys(ids, b"") | await greenlet_spawn(keys_at(keys).store.find, ids)


def key_ids(found: Iterable[Row]) -> Iterator[UUID]:
    for values in found:
        for value in values.values():
            if id := key_id(value):
                yield id


def reveal_entry(row: Row, secrets: Secrets) -> Row:
    changed = reveal_change(row, secrets)
    return reveal_user(changed, lambda value, user: shown(value, user, secrets))


def reveal_change(row: Row, secrets: Secrets) -> Row:
    try:
        id = UUID(str(row.get("entity_id")))
    except ValueError:
        return row  # only a write past the application stores another text
    sides = {it: row[it] for it in SIDES if isinstance(row.get(it), dict)}
    return row | {name: reveal(values, id, secrets) for name, values in sides.items()}


def reveal(values: Row, record: UUID, secrets: Secrets) -> Row:
    return {name: shown(value, record, secrets) for name, value in values.items()}


def shown(value: Any, record: UUID, secrets: Secrets) -> Any:
    id = key_id(value)
    if id is None:
        return value
    secret = secrets[id]
    if secret:
        return decrypt(value, record, secret)
    return Hidden(ERASED if secret is None else MISSING, value)
