"""Keys of personal data in a database of PostgreSQL, for the processes of many hosts.

Its methods are called in a greenlet, as a flush is. Each event loop has an engine.

A request that waits for the store holds a connection to the database. So while the
store does not answer, one request at a time asks it, and all others fail at once.
"""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Executable, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.audit.personal.envelopes import Key, read_secret
from app.audit.personal.exceptions import KeysUnavailableException
from app.audit.personal.postgresql_statements import (
    ACTIVE,
    ADD,
    ALL_ERASED,
    ASSIGN,
    DESTROY,
    ERASED,
    FIND,
    INDEX,
    TABLE,
    VACUUM,
)
from app.core.db.driver.asyncpg_connection import RepeatingConnection
from app.core.db.driver.urls import url_options, without_parameters
from app.core.db.engine import with_driver
from app.core.db.outages.stuck import discard_stuck_connections

# In seconds.
TIMEOUT = 5.0
PAUSE = 1.0  # before the store is asked again
AWAY = (DBAPIError, PoolTimeoutError, OSError)
ENGINES: WeakKeyDictionary[Any, dict[str, AsyncEngine]] = WeakKeyDictionary()


class PostgresqlKeyStore:
    next_try = 0.0  # by the monotonic clock; 0 while the store answers

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def engine(self) -> AsyncEngine:
        engines = ENGINES.setdefault(asyncio.get_running_loop(), {})
        if self.url not in engines:
            engines[self.url] = make_engine(self.url)
        return engines[self.url]

    def create(self) -> None:
        self.execute(text(TABLE))
        self.execute(text(INDEX))

    def execute(self, statement: Executable, *values: Any) -> list[Any]:
        now = time.monotonic()
        if now < self.next_try:
            raise KeysUnavailableException
        if self.next_try:
            self.next_try = now + TIMEOUT  # by then this request knows
        try:
            rows = self.rows(statement, *values)
        except AWAY as error:
            has_answered = isinstance(error, DBAPIError)
            self.next_try = 0.0 if has_answered else time.monotonic() + PAUSE
            raise KeysUnavailableException from error
        self.next_try = 0.0
        return rows

    def rows(self, statement: Executable, *values: Any) -> list[Any]:
        engine = self.engine.sync_engine
        try:
            with engine.connect() as connection:
                result = connection.execute(statement, *values)
                return [*result] if result.returns_rows else []
        except OSError:
            engine.dispose()  # the other connections lead to the same place
            raise

    def find(self, ids: Collection[UUID]) -> dict[UUID, bytes | None]:
        """Return the keys with these ids; None for one that was destroyed."""
        rows = self.execute(FIND, {"ids": [*ids]})
        return {id: key and read_secret(key) for id, key in rows}

    def active(self, subjects: Collection[UUID]) -> dict[UUID, Key]:
        """Return a key of each of these persons who has one."""
        rows = self.execute(ACTIVE, {"ids": [*subjects]})
        found = ((subject, id, read_secret(key)) for subject, id, key in rows)
        return {it[0]: Key(it[1].bytes, it[2]) for it in found if it[2]}

    def erased(self, subjects: Collection[UUID]) -> set[UUID]:
        """Return those of these persons who had a key that was destroyed."""
        return {id for (id,) in self.execute(ERASED, {"ids": [*subjects]})}

    def all_erased(self) -> set[UUID]:
        """Return everyone whose keys were all destroyed."""
        return {id for (id,) in self.execute(ALL_ERASED)}

    def add(self, keys: Sequence[Key]) -> None:
        """Insert keys without a person. They are on disk when it returns."""
        self.execute(
            text(ADD),
            [{"id": UUID(bytes=it.id), "key": it.secret.hex()} for it in keys],
        )

    def assign(self, keys: Mapping[UUID, Key]) -> int:
        """Give each person their key; return how many of these keys are there."""
        ids = [UUID(bytes=key.id) for key in keys.values()]
        return len(self.execute(ASSIGN, {"ids": ids, "subjects": [*keys]}))

    def destroy(self, subject: UUID, ids: Collection[UUID]) -> int:
        """Overwrite the keys of a person, and those with these ids; count them."""
        rows = self.execute(DESTROY, {"subject": subject, "ids": [*ids]})
        with suppress(*AWAY):  # it may take long
            self.rows(text(VACUUM))
        return len(rows)


def make_engine(url: str) -> AsyncEngine:
    parsed = with_driver(url)
    engine = create_async_engine(
        without_parameters(parsed),
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        pool_timeout=TIMEOUT,
        connect_args={
            "timeout": TIMEOUT,
            "command_timeout": TIMEOUT,
            "connection_class": RepeatingConnection,
        }
        | url_options(parsed),
    )
    discard_stuck_connections(engine)
    return engine


async def close_engines() -> None:
    """Close the connections of this event loop."""
    for engine in ENGINES.pop(asyncio.get_running_loop(), {}).values():
        await engine.dispose()
