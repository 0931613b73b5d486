"""The database of the settings, and the names of the parts of a backup."""

from sqlalchemy import make_url

from app.core.db.sqlite.reading import is_file
from scripts.backups.exceptions import BackupException
from scripts.backups.postgresql import PostgresqlDatabase
from scripts.backups.sqlite import SqliteDatabase

SPOOL, SEALS, ARCHIVE = "spool", "checkpoints.txt", "archive"


def find_database(url: str) -> PostgresqlDatabase | SqliteDatabase:
    if url.startswith("postgresql"):
        return PostgresqlDatabase(url)
    if not is_file(make_url(url)):
        raise BackupException("A database in memory has nothing to back up")
    return SqliteDatabase(url)
