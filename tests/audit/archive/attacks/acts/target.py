"""Access of an attacker: the database by its URL, the folder by its path, no key."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Executable, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from app.audit.archive.canonical import Row
from app.audit.archive.logs import Log, model_table
from app.audit.models import AuditPruning
from app.core.db.engine import with_driver
from app.core.db.json_text import dump_json, load_json
from tests.audit.archive.rows import OLD

ResultT = TypeVar("ResultT")
DAY = timedelta(days=1)
# The first three days are archived before an attack, the fourth one by the next run.
ARCHIVED = OLD + 3 * DAY
NEXT = ARCHIVED + DAY
TIMEOUT = 60.0  # seconds
PRUNING = model_table(AuditPruning)


@dataclass(frozen=True)
class Target:
    url: str
    folder: Path

    @property
    def is_postgresql(self) -> bool:
        return self.url.startswith("postgresql")

    def connect(self, work: Callable[[AsyncConnection], Awaitable[ResultT]]) -> ResultT:
        """Run `work` in one transaction of a connection without any guard."""

        async def run() -> ResultT:
            engine = create_async_engine(
                with_driver(self.url),
                json_serializer=dump_json,
                json_deserializer=load_json,
                poolclass=NullPool,
                connect_args={"timeout": TIMEOUT},
            )
            async with engine.begin() as connection:
                return await work(connection)

        return asyncio.run(run())

    def execute(self, *statements: Executable) -> None:
        """Execute statements with the triggers disabled; each must match a row."""

        async def run(connection: AsyncConnection) -> None:
            triggers = await disable_triggers(connection)
            for statement in statements:
                done: Any = await connection.execute(statement)
                assert done.rowcount
            for trigger in triggers:
                await connection.execute(text(trigger))

        self.connect(run)

    def prune(self, statement: Executable) -> None:
        """Delete rows as the archiver does, without touching the triggers."""

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(
                insert(PRUNING).values(AuditPruning().model_dump())
            )
            done: Any = await connection.execute(statement)
            assert done.rowcount
            await connection.execute(PRUNING.delete())

        self.connect(run)

    def define(self, statement: str) -> None:
        """Execute a statement that changes the schema."""
        self.connect(lambda connection: connection.execute(text(statement)))

    def read(self, query: Executable) -> list[Row]:
        async def run(connection: AsyncConnection) -> list[Row]:
            found = await connection.execute(query)
            return [dict(row) for row in found.mappings()]

        return self.connect(run)

    def rows(self, log: Log) -> list[Row]:
        """Return the live rows of a log, by id."""
        return self.read(select(log.live).order_by(log.live.c.id))

    def add(self, log: Log, *rows: Row) -> None:
        """Insert rows; a new number is that of this transaction."""

        async def run(connection: AsyncConnection) -> None:
            for row in rows:
                await connection.execute(insert(log.live).values(row))

        self.connect(run)


async def disable_triggers(connection: AsyncConnection) -> list[str]:
    """Disable the triggers; return the statements that restore them."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        return []
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = list(await connection.execute(query))
    for name, _ in triggers:
        await connection.execute(text(f"DROP TRIGGER {name}"))
    return [sql for _, sql in triggers]
