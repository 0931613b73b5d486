"""The personal columns of both logs about the user of an entry, encrypted as one value.

The key is that of the user, so their erasure hides them in all entries. The user's id
stays in clear: it names no one after the erasure.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.util import greenlet_spawn

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
MAX_ACTORS = 1_000


def hide_actor(keys: str, rows: Sequence[Row]) -> None:
    """Encrypt the actor of new rows of the change log, which have the same one.

    If the keys can't be had, the rows name the actor by the id alone: a change waits
    for the keys of the record only.
    """
    id, name, label = (rows[0][it] for it in ("actor_id", "actor_name", "actor_label"))
    if not keys or id is None:
        return
    try:
        hidden = {ENCRYPTED: encrypted_actor(keys, id, label, name)}
    except KeysUnavailableException:
        hidden = {}
    for row in rows:
        row.update(ACTOR | hidden)


# What is kept is encrypted: it is of no use once the key is destroyed.
@lru_cache(MAX_ACTORS)
def encrypted_actor(
    keys: str, id: UUID, label: str | None, name: str | None
) -> str | None:
    key = keys_at(keys).of_users({id})[id]
    return encrypt(key, id, {"actor_label": label, "actor_name": name})


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
    by = next(it for it in COLUMNS if it in row)
    id = to_id(row[by])
    value = reveal(stored, id) if id else stored
    if value == stored:
        return row  # of another user, or no encrypted text: only SQL stores these
    hidden = isinstance(value, Hidden)
    names = dict.fromkeys(COLUMNS[by], value) if hidden else json.loads(value)
    return row | names | {ENCRYPTED: None}


def to_id(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:  # also None
        return None
