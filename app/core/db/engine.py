"""The engine for the settings: its driver, pool and deadlines."""

from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.config import Settings
from app.core.db.driver.asyncpg_connection import GRACE, RepeatingConnection
from app.core.db.driver.factory import is_unnamed
from app.core.db.driver.unnamed import UNNAMED
from app.core.db.json_text import dump_json, load_json
from app.core.db.outages.stuck import discard_stuck_connections
from app.core.db.sqlite.dialect import LoopDialect

DRIVERS = {
    "sqlite": f"sqlite+{LoopDialect.driver}",
    "postgresql": "postgresql+asyncpg",
}


def make_engine(settings: Settings, *, create: bool = False) -> AsyncEngine:
    """Return an engine. Only with `create` it makes a file of SQLite that is missing:
    a wrong path would otherwise be an empty database.
    """
    engine = engine_of(settings, create=create)
    discard_stuck_connections(engine)
    return engine


def engine_of(settings: Settings, *, create: bool) -> AsyncEngine:
    url = with_driver(settings.DATABASE_URL)
    timeout = settings.DATABASE_TIMEOUT
    if url.get_backend_name() == "sqlite":
        return create_async_engine(
            url,
            hide_parameters=True,
            json_serializer=dump_json,
            json_deserializer=load_json,
            pool_timeout=timeout,
            connect_args={"timeout": timeout, "create": create},
        )
    return create_async_engine(
        url,
        hide_parameters=True,  # keep values out of logged errors
        json_serializer=dump_json,
        json_deserializer=load_json,
        pool_size=settings.DATABASE_POOL_SIZE,
        max_overflow=0,
        pool_timeout=timeout,
        connect_args=driver_options(settings),
    )


def driver_options(settings: Settings) -> dict[str, Any]:
    timeout = settings.DATABASE_TIMEOUT
    options = {
        "timeout": timeout,
        "command_timeout": timeout + GRACE,
        "server_settings": server_settings(timeout),
        "connection_class": RepeatingConnection,
    }
    return options | UNNAMED if is_unnamed(settings) else options


def server_settings(timeout: float) -> dict[str, str]:
    """Return PostgreSQL's run-time parameters; `timeout` is in seconds."""
    milliseconds = str(int(timeout * 1000))
    return {
        "application_name": "app",
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
    }


def with_driver(url: str) -> URL:
    """Return the URL with the async driver that this application uses."""
    parsed = make_url(url)
    return parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
