"""The driver's connections for the settings: by database, and with names or without."""

import asyncio
from collections.abc import Callable
from functools import partial

from sqlalchemy import Engine

from app.core.config import Settings
from app.core.db.driver.connections import DriverConnection
from app.core.db.driver.postgresql import PostgresqlConnection
from app.core.db.driver.sqlite import SharingConnection, SqliteConnection
from app.core.db.driver.unnamed import UnnamedConnection
from app.core.db.sqlite.reading import is_file
from app.core.db.sqlite.shared_connection import SharedConnection
from app.core.enums import Pooler


def connections_to(
    engine: Engine, settings: Settings
) -> Callable[[], DriverConnection]:
    if is_file(engine.url):
        shared = SharedConnection(engine)
        return partial(SharingConnection, engine, asyncio.Lock(), shared)
    if engine.dialect.name == "sqlite":
        return partial(SqliteConnection, engine, asyncio.Lock())
    kind = UnnamedConnection if is_unnamed(settings) else PostgresqlConnection
    return partial(kind, engine)


def is_unnamed(settings: Settings) -> bool:
    """Return whether statements must have no names. SQLite's never have one."""
    is_sqlite = settings.DATABASE_URL.startswith("sqlite")
    return settings.DATABASE_POOLER is Pooler.TRANSACTION and not is_sqlite
