"""The personal columns of both logs about the user of an entry, encrypted as one value.

The key is that of the user, so their erasure hides them in all entries. The user's id
stays in clear: it names no one after the erasure.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.util import LRUCache, greenlet_spawn

from app.audit.personal.envelopes import Encryption, Hidden, Key
from app.audit.personal.exceptions import KeysUnavailableException
from app.audit.personal.keys import keys_at

Row = dict[str, Any]

ENCRYPTED = "personal"  # the column
# The columns of each log, by that of the user's id, with what they have instead.
ACTOR: Row = {"actor_label": None, "actor_name": None}
USER: Row = {
    "user_label": None,
    "user_name": None,
    "ip": "",
    "query": "",
    "user_agent": None,
}
COLUMNS: Mapping[str, Row] = {"actor_id": ACTOR, "user_id": USER}
PAUSE = 60.0  # seconds before the store is asked again for an actor's key
# What is kept is encrypted: it is of no use once the key is destroyed.
actors: LRUCache[Any, str | None] = LRUCache(1_000)
pauses: dict[str, float] = {}  # their ends, by the URL of the keys


def hide_actor(keys: str, rows: Sequence[Row]) -> None:
    """Encrypt the actor of new rows of the change log, which have the same one.

    If the keys can't be had, the rows name the actor by the id alone: a change waits
    for the keys of the record only.
    """
    id, label, name = (rows[0][it] for it in ("actor_id", "actor_label", "actor_name"))
    if keys and id is not None:
        hidden = ACTOR | {ENCRYPTED: encrypted_actor(keys, id, label, name)}
        for row in rows:
            row.update(hidden)


def encrypted_actor(
    keys: str, id: UUID, label: str | None, name: str | None
) -> str | None:
    known = (keys, id, label, name)
    if known not in actors and time.monotonic() > pauses.get(keys, 0):
        try:
            key = keys_at(keys).of_users({id})[id]
        except KeysUnavailableException:
            # Others would wait for this transaction, and it for the store.
            pauses[keys] = time.monotonic() + PAUSE
        else:
            actors[known] = encrypt(key, id, {"actor_label": label, "actor_name": name})
    return actors.get(known)


async def hide_users(keys: str, rows: Sequence[Row]) -> None:
    """Encrypt the users of new rows of the access log.

    Raises:
        KeysUnavailableException: the keys can't be had. The rows are as they were.
    """
    found = [(id, row) for row in rows if (id := to_id(row["user_id"]))]
    if not found:
        return
    own = await greenlet_spawn(keys_at(keys).of_users, {id for id, _ in found})
    for id, row in found:
        values = {name: row[name] for name in USER}
        row.update(USER | {ENCRYPTED: encrypt(own[id], id, values)})


def encrypt(key: Key | None, user: UUID, values: Row) -> str | None:
    """Return the values, encrypted; None without a key: the user was erased."""
    if key is None:
        return None
    # Not orjson, which rejects texts that are no UTF-8.
    text = json.dumps(values, separators=(",", ":"))
    return Encryption(key, user).encrypt(text, ENCRYPTED)


def reveal_user(row: Row, reveal: Callable[[Any, UUID], Any]) -> Row:
    """Return a row with what was encrypted; `reveal` does so for a value of a user."""
    stored = row.get(ENCRYPTED)
    if stored is None:
        return row
    by = next((it for it in COLUMNS if it in row), "")
    id = to_id(row.get(by))
    if id is None:
        return row
    value = reveal(stored, id)
    if isinstance(value, Hidden):
        return row | dict.fromkeys(COLUMNS[by], value) | {ENCRYPTED: None}
    names = read_names(value)
    if names.keys() != COLUMNS[by].keys():
        return row  # SQL can store another text, or copy one of another column
    return row | names | {ENCRYPTED: None}


def read_names(value: str) -> Row:
    try:
        names = json.loads(value)
    except (ValueError, TypeError):
        return {}
    return names if isinstance(names, dict) else {}


def to_id(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:  # also None
        return None
