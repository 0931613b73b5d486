"""The driver's connection for the settings: by database, and with names or without."""

from sqlalchemy import Engine

from app.core.config import Settings
from app.core.db.driver.connections import DriverConnection
from app.core.db.driver.postgresql import PostgresqlConnection
from app.core.db.driver.sqlite import SqliteConnection
from app.core.db.driver.unnamed import UnnamedConnection


def make_connection(engine: Engine, settings: Settings) -> DriverConnection:
    if engine.dialect.name == "sqlite":
        return SqliteConnection(engine)
    kind = UnnamedConnection if is_unnamed(settings) else PostgresqlConnection
    return kind(engine, settings.DATABASE_TIMEOUT)


def is_unnamed(settings: Settings) -> bool:
    """Return whether statements must have no names. SQLite's never have one."""
    is_sqlite = settings.DATABASE_URL.startswith("sqlite")
    return not (settings.DATABASE_NAMED_STATEMENTS or is_sqlite)
