"""Rewriting of a database of SQLite without the remains of former values."""

import sqlite3
from contextlib import closing

from sqlalchemy import make_url

TIMEOUT = 60.0  # seconds
SEARCH_INDEXES = """
SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5(%'
"""
# An index keeps the trigrams of former values until its segments are merged.
MERGE = "INSERT INTO {index}({index}) VALUES ('optimize')"


def vacuum(url: str) -> None:
    """Rewrite the file; do nothing on PostgreSQL, which reuses the space itself.

    Raises:
        sqlite3.Error: it was not rewritten, as it was locked or the disk is full.
    """
    if not url.startswith("sqlite"):
        return
    path = make_url(url).database or ""
    with closing(sqlite3.connect(path, timeout=TIMEOUT)) as connection:
        for (index,) in connection.execute(SEARCH_INDEXES).fetchall():
            connection.execute(MERGE.format(index=index))
        connection.commit()
        connection.execute("VACUUM")
        ((is_busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if is_busy:
        raise sqlite3.OperationalError("a reader still uses the write-ahead log")
