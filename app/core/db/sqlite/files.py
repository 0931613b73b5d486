"""The file of a database, which only a migration creates.

It is noticed when it was deleted or replaced: an open connection would go on with the
former file, which no other can open.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from app.core.db.sqlite.reading import is_file

IN_MEMORY = ":memory:"
FILE = "file"


def create_file(database: str) -> None:
    """Create the file for its owner only; SQLite gives those beside it the same mode.

    If that fails, so does SQLite, with an error that its callers know.
    """
    with suppress(OSError):
        os.close(open_private(database, os.O_CREAT | os.O_EXCL))


def open_private(path: str, flags: int) -> int:
    """Open a file. If it is created, only its owner can use it."""
    return os.open(path, flags, 0o600)


def is_missing(url: URL) -> bool:
    """Return whether the database is a file of SQLite that does not exist."""
    return is_file(url) and not Path(url.database or "").exists()


def existing_file(database: str) -> dict[str, Any]:
    """Return the arguments to open a file only if it exists.

    SQLite creates a missing one otherwise: an empty database at a wrong path.
    """
    return {"database": f"{Path(database).as_uri()}?mode=rw", "uri": True}


def note_file(connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[FILE] = identity(connection.database)


def check_file(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    """Compare the file with the one that was opened, which takes a microsecond.

    Raises:
        InvalidatePoolError: it is another one. The pool connects again.
    """
    if identity(connection.database) != record.info[FILE]:
        raise InvalidatePoolError


def identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  for each request: a Path takes twice as long
    except OSError:
        return None
    return found.st_dev, found.st_ino
