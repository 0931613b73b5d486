"""Rewriting of a database of SQLite without the remains of former values."""

import sqlite3
from contextlib import closing

from sqlalchemy import make_url

TIMEOUT = 60.0  # seconds


def vacuum(url: str) -> None:
    """Rewrite the file; do nothing on PostgreSQL, which reuses the space itself."""
    if not url.startswith("sqlite"):
        return
    path = make_url(url).database or ""
    with closing(sqlite3.connect(path, timeout=TIMEOUT)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
