"""Keys of personal data: found by id, and made for a person at the first need.

They are never kept in memory, so that an erasure is in force at once in all processes.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Protocol
from uuid import UUID

from sqlalchemy import make_url

from app.audit.personal.envelopes import KEY_LENGTH, Key
from app.audit.personal.exceptions import KeysUnavailableException
from app.audit.personal.postgresql_store import PostgresqlKeyStore
from app.audit.personal.sqlite_store import SqliteKeyStore
from app.core.db.ids import uuid7

SPARES = 100
ENTITY = "personal_key"  # of the log's entries about erasures


class KeyStore(Protocol):
    def create(self) -> None: ...
    def find(self, ids: Collection[UUID]) -> dict[UUID, bytes | None]: ...
    def active(self, subjects: Collection[UUID]) -> dict[UUID, Key]: ...
    def erased(self, subjects: Collection[UUID]) -> set[UUID]: ...
    def all_erased(self) -> set[UUID]: ...
    def add(self, keys: Sequence[Key]) -> None: ...
    def assign(self, keys: Mapping[UUID, Key]) -> int: ...
    def destroy(self, subject: UUID, ids: Collection[UUID]) -> int: ...


class PersonalKeys:
    """Keys in their store, with spare ones that are on disk already.

    To wait for the disk once for each person would take longer than the change. If the
    power fails, it can be unknown whose key one is, but none is lost; and the spares of
    this process are of no use to the next one, so no key has two owners.
    """

    def __init__(self, store: KeyStore) -> None:
        self.store = store
        self.spares: list[Key] = []

    def of(
        self, subjects: AbstractSet[UUID], new: AbstractSet[UUID]
    ) -> dict[UUID, Key]:
        """Return a key of each person; make those of new ones, and that are missing."""
        found = self.store.active(subjects) if subjects else {}
        missing = (subjects - found.keys()) | new
        if made := {id: self.take() for id in missing}:
            self.assign(made)
        return found | made

    def of_users(self, users: AbstractSet[UUID]) -> dict[UUID, Key | None]:
        """Return a key of each user as of entries of the logs; None for an erased one.

        An entry may be written after the erasure: the request was before, or under way.
        """
        found = self.store.active(users)
        missing = users - found.keys()
        erased = self.store.erased(missing) if missing else set()
        made = self.of(set(), missing - erased)
        # Who was erased in between had no key yet, and must not have one now.
        late = self.store.erased(made.keys()) if made else set()
        for user in late:
            self.store.destroy(user, ())
        return dict.fromkeys(erased) | found | made | dict.fromkeys(late)

    def assign(self, made: Mapping[UUID, Key]) -> None:
        """Give persons their keys, unless the store has lost one: a restored one.

        Raises:
            KeysUnavailableException: it has. The next request gets another one.
        """
        if self.store.assign(made) < len(made):
            self.spares.clear()
            raise KeysUnavailableException

    def take(self) -> Key:
        if not self.spares:
            made = [Key(uuid7().bytes, os.urandom(KEY_LENGTH)) for _ in range(SPARES)]
            self.store.add(made)
            self.spares += made
        return self.spares.pop()


@cache
def keys_at(url: str) -> PersonalKeys:
    if url.startswith("postgresql"):
        return PersonalKeys(PostgresqlKeyStore(url))
    return PersonalKeys(SqliteKeyStore(make_url(url).database or ""))
