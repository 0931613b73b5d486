"""Listeners that notice when the file of SQLite was deleted or replaced.

An open connection would go on with the former file, which no other can open.
"""

import os
from typing import Any

from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

FILE = "file"


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
