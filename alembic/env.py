"""How Alembic reaches the database, and which tables it compares it with."""

import asyncio
import logging
from typing import Any

from sqlalchemy import Connection, event, text
from sqlmodel import SQLModel

from alembic import context

# One line a module that has tables: this is how Alembic comes to know them.
from app.audit import models as audit
from app.audit.archive import models as archive
from app.auth import models as auth
from app.core.config import Settings, settings
from app.core.db.autogenerate import render_item, rewriter
from app.core.db.database import make_engine, with_driver
from app.modules.customers import models as customers
from app.modules.products import models as products
from app.modules.tasks import models as tasks

MODELS = (
    archive,
    audit,
    auth,
    customers,
    products,
    tasks,
)
# PostgreSQL's alone: whoever waits for a lock stands in the way of all who come after.
PATIENCE = ("SET lock_timeout = '5s'", "SET statement_timeout = 0")
ONE_AT_A_TIME = 7_201_137  # any number, the same for all who migrate this database


def configure(**options: Any) -> None:
    context.configure(
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite can alter little: it copies the table instead
        render_item=render_item,
        process_revision_directives=rewriter,
        transactional_ddl=True,
        **options,
    )


def migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for statement in PATIENCE:
            connection.execute(text(statement))
        connection.execute(text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))
        connection.commit()
    configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


def write_sql() -> None:
    """Write what somebody else will run; that only one does is hers to see to."""
    url = with_driver(settings.DATABASE_URL)
    configure(url=url, literal_binds=True)
    if url.get_backend_name() == "postgresql":
        for statement in PATIENCE:
            context.execute(statement)
    with context.begin_transaction():
        context.run_migrations()


def trust_references(connection: Any, _: Any) -> None:
    """Let SQLite drop and copy a table that others refer to."""
    connection.execute("PRAGMA foreign_keys = OFF")


async def migrate_online(settings: Settings) -> None:
    engine = make_engine(settings)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", trust_references)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


# A program hands its own settings over, and has its own log.
given = context.config.attributes.get("settings")
if given is None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("alembic.runtime.migration").setLevel(logging.INFO)

if context.is_offline_mode():
    write_sql()
else:
    asyncio.run(migrate_online(given or settings))
