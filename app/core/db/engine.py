"""The engine for the settings: its driver, pool and deadlines."""

from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.config import Settings
from app.core.db.driver.asyncpg_connection import GRACE, RepeatingConnection
from app.core.db.driver.factory import is_unnamed
from app.core.db.driver.limits import Limits
from app.core.db.driver.unnamed import unnamed_options
from app.core.db.driver.urls import url_options, without_parameters
from app.core.db.json_text import dump_json, load_json
from app.core.db.outages.stuck import discard_stuck_connections
from app.core.db.personal.key_urls import set_key_url
from app.core.db.sqlite.dialect import LoopDialect

DRIVERS = {
    "sqlite": f"sqlite+{LoopDialect.driver}",
    "postgresql": "postgresql+asyncpg",
}
APPLICATION = {"application_name": "app"}


def make_engine(
    settings: Settings, limits: Limits | None = None, *, create: bool = False
) -> AsyncEngine:
    """Return an engine whose statements end at the limits, or at DATABASE_TIMEOUT.

    A missing file of SQLite is made only with `create`: the path may be a wrong one.
    """
    url = with_driver(settings.DATABASE_URL)
    if url.get_backend_name() == "sqlite":
        driver = {"timeout": settings.DATABASE_TIMEOUT, "create": create}
    else:
        driver = driver_options(settings, limits) | url_options(url)
    engine = create_async_engine(
        without_parameters(url),
        hide_parameters=True,  # keep values out of logged errors
        json_serializer=dump_json,
        json_deserializer=load_json,
        pool_size=settings.DATABASE_POOL_SIZE,  # the pool of SQLite ignores it
        max_overflow=0,
        pool_timeout=settings.DATABASE_TIMEOUT,
        connect_args=driver,
    )
    discard_stuck_connections(engine)
    set_key_url(engine.url, settings.PERSONAL_KEYS_URL)
    return engine


def driver_options(settings: Settings, limits: Limits | None) -> dict[str, Any]:
    limits = limits or Limits.equal(settings.DATABASE_TIMEOUT)
    names = {} if "application_name" in settings.DATABASE_URL else APPLICATION
    options = {
        "timeout": settings.DATABASE_TIMEOUT,
        "command_timeout": limits.statement + GRACE if limits.statement else None,
    }
    if is_unnamed(settings):
        return options | {"server_settings": names} | unnamed_options(limits)
    return options | {
        "server_settings": names | limits.parameters(),
        "connection_class": RepeatingConnection,
    }


def with_driver(url: str) -> URL:
    """Return the URL with the async driver that this application uses."""
    parsed = make_url(url)
    return parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))


def allow_copies_of_tables(engine: AsyncEngine) -> None:
    """Let migrations on SQLite replace a table that others refer to."""
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", disable_foreign_keys)


def disable_foreign_keys(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA foreign_keys = OFF")
