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
        source = sqlite3.connect(f"{self.path.as_uri()}?mode=rw", uri=True)
        with closing(source), closing(sqlite3.connect(target)) as copy:
            source.backup(copy)

    @contextmanager
    def opened(self, copy: Path) -> Iterator[str]:
        """Yield the URL of the copy; remove what is made beside it."""
        with closing(sqlite3.connect(copy)) as connection:
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
        """Restore the copy under a name of its own; it appears as a whole."""
        self.check_free()
        new = self.path.with_name(f"{self.path.name}.restoring")
        new.unlink(missing_ok=True)
        copy_file(copy, new)
        try:
            os.link(new, self.path)
        except FileExistsError:
            self.check_free()
        finally:
            new.unlink()
        sync(self.path.parent)
