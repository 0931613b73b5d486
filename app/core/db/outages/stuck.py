"""Listeners of an engine that throw connections away: stuck ones, and forgotten ones.

The whole pool goes with them, as its other connections lead to the same place.
"""

import asyncio
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_, greenlet_spawn

from app.core.db.outages.states import STUCK, outage_of
from app.core.db.sqlite.files import check_file, note_file
from app.core.db.sqlite.reading import is_file

# In seconds. Firewalls forget a connection that is idle, the first ones after minutes:
# then packets get no answer, not even a refusal.
IDLE = 30.0
PATIENCE = 1.0  # with a connection that was idle
USED_AT = "used_at"


def discard_stuck_connections(engine: AsyncEngine) -> None:
    event.listen(engine.sync_engine, "handle_error", discard_if_stuck)
    if engine.dialect.name == "postgresql":
        event.listen(engine.sync_engine, "checkin", note_time)
        event.listen(engine.sync_engine, "checkout", check_if_idle)
    elif is_file(engine.url):
        event.listen(engine.sync_engine, "connect", note_file)
        event.listen(engine.sync_engine, "checkout", check_file)


def discard_if_stuck(context: ExceptionContext) -> None:
    error = context.sqlalchemy_exception or context.original_exception
    if outage_of(error) in STUCK:
        context.is_disconnect = True


def note_time(_: Any, record: ConnectionPoolEntry) -> None:
    record.info[USED_AT] = time.monotonic()


def check_if_idle(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    """Ask the server for a sign of life, if the connection was idle for long.

    Raises:
        InvalidatePoolError: it gave none. The pool connects again.
    """
    if time.monotonic() - record.info.get(USED_AT, time.monotonic()) < IDLE:
        return
    try:
        await_(ping(connection))
    except (connection.dbapi.Error, OSError) as error:
        raise InvalidatePoolError from error


async def ping(connection: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        await greenlet_spawn(connection.ping)
