"""Keys of personal data in a file of SQLite, for the processes of one host.

Statements take microseconds, and run in the event loop. A deleted key is overwritten.
"""

import json
import os
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from app.audit.personal.envelopes import Key
from app.audit.personal.exceptions import KeysUnavailableException
from app.core.clock import now

TIMEOUT = 5.0  # seconds
TABLE = """
CREATE TABLE personal_key (
    id TEXT PRIMARY KEY, subject TEXT, key TEXT, erased_at TEXT
) WITHOUT ROWID
"""
INDEX = "CREATE INDEX personal_key_subject ON personal_key (subject)"
ADD = """
INSERT INTO personal_key (id, key) SELECT key, value FROM json_each(?)
"""
FIND = """
SELECT id, key FROM personal_key WHERE id IN (SELECT value FROM json_each(?))
"""
ACTIVE = """
SELECT id, key FROM personal_key WHERE subject = ? AND key IS NOT NULL LIMIT 1
"""
ACTIVE_MANY = """
SELECT subject, id, key FROM personal_key
WHERE subject IN (SELECT value FROM json_each(?)) AND key IS NOT NULL
"""
ASSIGN = "UPDATE personal_key SET subject = ? WHERE id = ?"
ASSIGN_MANY = """
UPDATE personal_key SET subject = given.value FROM json_each(?) given
WHERE personal_key.id = given.key
"""
DESTROY = """
UPDATE personal_key SET key = NULL, erased_at = ?
WHERE (subject = ? OR id IN (SELECT value FROM json_each(?))) AND key IS NOT NULL
RETURNING id
"""
TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)"


class SqliteKeyStore:
    def __init__(self, path: str) -> None:
        self.path = path

    def create(self) -> None:
        """Make the file, which only its owner can read; it must not exist."""
        os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))
        self.execute(TABLE)
        self.execute(INDEX)

    @cached_property
    def connection(self) -> sqlite3.Connection:
        # A wrong path must not become an empty store: the file is never made here.
        connection = sqlite3.connect(
            f"file:{self.path.replace('?', '%3f').replace('#', '%23')}?mode=rw",
            uri=True,
            timeout=TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA page_size = 1024")  # written as a whole
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def execute(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise KeysUnavailableException from error

    def find(self, ids: Collection[UUID]) -> dict[UUID, bytes | None]:
        """Return the keys with these ids; None for one that was destroyed."""
        rows = self.execute(FIND, dump(ids))
        return {UUID(id): key and bytes.fromhex(key) for id, key in rows}

    def active(self, subjects: Collection[UUID]) -> dict[UUID, Key]:
        """Return a key of each of these persons who has one."""
        if len(subjects) > 1:
            rows = self.execute(ACTIVE_MANY, dump(subjects))
            return {UUID(it[0]): read_key(*it[1:]) for it in rows}
        # JSON would take longer than the look-up.
        return {
            subject: read_key(*row)
            for subject in subjects
            for row in self.execute(ACTIVE, subject.hex)
        }

    def add(self, keys: Sequence[Key]) -> None:
        """Insert keys without a person. They are on disk when it returns."""
        self.execute("PRAGMA synchronous = FULL")
        self.execute(ADD, json.dumps({key.id.hex(): key.secret.hex() for key in keys}))
        self.execute("PRAGMA synchronous = NORMAL")

    def assign(self, keys: Mapping[UUID, Key]) -> None:
        """Give each person their key."""
        pairs = {key.id.hex(): subject.hex for subject, key in keys.items()}
        if len(pairs) == 1:
            ((id, subject),) = pairs.items()
            self.execute(ASSIGN, subject, id)
        else:
            self.execute(ASSIGN_MANY, json.dumps(pairs))

    def destroy(self, subject: UUID, ids: Collection[UUID]) -> int:
        """Overwrite the keys of a person, and those with these ids; count them."""
        rows = self.execute(DESTROY, now().isoformat(), subject.hex, dump(ids))
        # The key may be in the log of the file, too, until that is written again.
        ((is_busy, *_),) = self.execute(TRUNCATE)
        if is_busy:
            raise KeysUnavailableException
        return len(rows)


def read_key(id: str, secret: str) -> Key:
    return Key(bytes.fromhex(id), bytes.fromhex(secret))


def dump(ids: Collection[UUID]) -> str:
    return json.dumps([id.hex for id in ids])
