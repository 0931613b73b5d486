"""The connection to a file of SQLite that all reads in the event loop share.

Each read is executed and fetched at once, outside of a transaction, so tasks need not
take turns. Taking a connection from the pool costs more than most statements do.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import greenlet_spawn

from app.core.db.sqlite.files import FILE, identity


class SharedConnection:
    """The connection, opened when it is first needed, and closed with the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.connection: Connection | None = None
        self.driver: Any = None
        self.file: tuple[int, int] | None = None
        event.listen(engine, "engine_disposed", self.close)

    async def open(self) -> Connection:
        """Return the connection, a new one if the file was replaced."""
        connection = self.connection
        if connection is not None:
            replaced = self.file != identity(self.driver.database)
            if not replaced and not connection.invalidated:
                return connection
            self.close()
        connection = await greenlet_spawn(self.engine.connect)
        if self.connection is not None:  # another task has opened it meanwhile
            connection.close()
            return self.connection
        self.driver = connection.connection.driver_connection
        self.file = connection.info[FILE]
        connection.detach()
        self.connection = connection
        return connection

    def close(self, *_: Any) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.invalidate()  # a session that holds it will open another
            self.driver.close()
