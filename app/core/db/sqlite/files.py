"""The file of a database, which only a migration creates."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from app.core.db.sqlite.reading import is_file

IN_MEMORY = ":memory:"


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
