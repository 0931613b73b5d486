"""Copies of a database of SQLite."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from scripts.backups.exceptions import BackupException
from scripts.backups.files import copy_file, sync

SIDE_FILES = ("", "-wal", "-shm", "-journal")


class SqliteDatabase:
    copy_name = "app.db"

    def __init__(self, url: str) -> None:
        self.path = Path(make_url(url).database or "").absolute()

    def dump(self, target: Path) -> None:
        """Copy what is committed. In one step: a write would restart it otherwise."""
        os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
        with explaining(f"{self.path} was not copied"):
            source = sqlite3.connect(f"{self.path.as_uri()}?mode=rw", uri=True)
            with closing(source), closing(sqlite3.connect(target)) as copy:
                source.backup(copy)

    @contextmanager
    def opened(self, copy: Path) -> Iterator[str]:
        """Yield the URL of the copy; remove what is made beside it."""
        with (
            explaining(f"{copy} is damaged"),
            closing(sqlite3.connect(copy)) as connection,
        ):
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            raise BackupException(f"{copy} is damaged: {'; '.join(found[:3])}")
        try:
            yield f"sqlite:///{copy.absolute()}"
        finally:
            for path in copy.parent.glob(f"{copy.name}?*"):
                path.unlink()

    def check_free(self) -> None:
        """Raise BackupException if there is a database."""
        for ending in SIDE_FILES:
            path = Path(f"{self.path}{ending}")
            if os.path.lexists(path):
                raise BackupException(
                    f"{path} exists, and nothing is overwritten. Stop the application, "
                    f"and move {self.path}* away"
                )

    def load(self, copy: Path) -> None:
        """Restore the copy, which has its name once it is complete."""
        self.check_free()
        try:
            copy_file(copy, self.path)
        except FileExistsError:
            self.check_free()
        sync(self.path.parent)


@contextmanager
def explaining(consequence: str) -> Iterator[None]:
    """Raise BackupException with the consequence instead of an error of SQLite."""
    try:
        yield
    except sqlite3.Error as error:
        raise BackupException(f"{consequence}: {error}") from None
