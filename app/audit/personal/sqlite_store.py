"""Keys of personal data in a file of SQLite, for the processes of one host.

A deleted key is overwritten.
"""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from app.audit.personal.envelopes import Key, read_secret
from app.audit.personal.exceptions import KeysUnavailableException
from app.audit.personal.sqlite_file import TIMEOUT, SqliteFile
from app.core.clock import now

TABLE = """
CREATE TABLE personal_key (
    id TEXT PRIMARY KEY, subject TEXT, key TEXT, erased_at TEXT
) WITHOUT ROWID
"""
INDEX = "CREATE INDEX personal_key_subject ON personal_key (subject)"
ERASED_INDEX = """
CREATE INDEX IF NOT EXISTS personal_key_erased ON personal_key (subject)
WHERE key IS NULL
"""
ADD = """
INSERT INTO personal_key (id, key) SELECT key, value FROM json_each(?)
"""
FIND = """
SELECT id, key FROM personal_key WHERE id IN (SELECT value FROM json_each(?))
"""
ACTIVE = """
SELECT subject, id, key FROM personal_key WHERE subject = ? AND key IS NOT NULL
"""
ACTIVE_MANY = """
SELECT subject, id, key FROM personal_key
WHERE subject IN (SELECT value FROM json_each(?)) AND key IS NOT NULL
"""
ERASED = """
SELECT subject FROM personal_key
WHERE subject IN (SELECT value FROM json_each(?)) AND key IS NULL
"""
ALL_ERASED = """
SELECT DISTINCT subject FROM personal_key erased
WHERE key IS NULL AND subject IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM personal_key WHERE subject = erased.subject AND key IS NOT NULL)
"""
ASSIGN = "UPDATE personal_key SET subject = ? WHERE id = ? RETURNING id"
ASSIGN_MANY = """
UPDATE personal_key SET subject = given.value FROM json_each(?) given
WHERE personal_key.id = given.key RETURNING id
"""
DESTROY = """
UPDATE personal_key SET key = NULL, erased_at = ?
WHERE (subject = ? OR id IN (SELECT value FROM json_each(?))) AND key IS NOT NULL
RETURNING id
"""
TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)"


class SqliteKeyStore(SqliteFile):
    def create(self) -> None:
        """Make the file, which only its owner can read; it must not exist."""
        os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))
        self.execute(TABLE)
        self.execute(INDEX)

    def find(self, ids: Collection[UUID]) -> dict[UUID, bytes | None]:
        """Return the keys with these ids; None for one that was destroyed."""
        rows = self.execute(FIND, dump(ids))
        return {UUID(id): key and read_secret(key) for id, key in rows}

    def active(self, subjects: Collection[UUID]) -> dict[UUID, Key]:
        """Return a key of each of these persons who has one."""
        if len(subjects) > 1:
            rows = self.execute(ACTIVE_MANY, dump(subjects))
        else:  # JSON would take longer than the look-up
            rows = [row for it in subjects for row in self.execute(ACTIVE, it.hex)]
        found = ((UUID(it[0]), it[1], read_secret(it[2])) for it in rows)
        return {it[0]: Key(bytes.fromhex(it[1]), it[2]) for it in found if it[2]}

    def erased(self, subjects: Collection[UUID]) -> set[UUID]:
        """Return those of these persons who had a key that was destroyed."""
        return {UUID(id) for (id,) in self.execute(ERASED, dump(subjects))}

    def all_erased(self) -> set[UUID]:
        """Return everyone whose keys were all destroyed."""
        # A store of a former release has no such index.
        self.execute(ERASED_INDEX)
        return {UUID(id) for (id,) in self.execute(ALL_ERASED)}

    def add(self, keys: Sequence[Key]) -> None:
        """Insert keys without a person. They are on disk when it returns."""
        made = json.dumps({key.id.hex(): key.secret.hex() for key in keys})
        self.when_free(lambda: self.add_synced(made))

    def add_synced(self, made: str) -> None:
        # At once, as others use the connection while one waits.
        self.statement("PRAGMA synchronous = FULL")
        try:
            self.statement(ADD, made)
        finally:
            self.statement("PRAGMA synchronous = NORMAL")

    def assign(self, keys: Mapping[UUID, Key]) -> int:
        """Give each person their key; return how many of these keys are in the file."""
        pairs = {key.id.hex(): subject.hex for subject, key in keys.items()}
        if len(pairs) == 1:
            ((id, subject),) = pairs.items()
            return len(self.execute(ASSIGN, subject, id))
        return len(self.execute(ASSIGN_MANY, json.dumps(pairs)))

    def destroy(self, subject: UUID, ids: Collection[UUID]) -> int:
        """Overwrite the keys of a person, and those with these ids; count them."""
        # Only commands destroy keys: no request waits meanwhile.
        self.execute(f"PRAGMA busy_timeout = {TIMEOUT * 1000:.0f}")
        rows = self.execute(DESTROY, now().isoformat(), subject.hex, dump(ids))
        # The key may be in the log of the file, too, until that is written again.
        ((is_busy, *_),) = self.execute(TRUNCATE)
        if is_busy:
            raise KeysUnavailableException
        return len(rows)


def dump(ids: Collection[UUID]) -> str:
    return json.dumps([id.hex for id in ids])
