"""Alembic environment: database connection, target metadata, rendering of types."""

import asyncio
import logging
from typing import Any

from sqlalchemy import Connection
from sqlmodel import SQLModel

from alembic import context

# One line for each module with tables: the import adds them to the metadata.
from app.audit import models as audit
from app.audit.archive import models as archive
from app.audit.archive.checkpoints import models as checkpoints
from app.audit.changes import migration_operations  # noqa: F401  op.record_unaudited()
from app.auth import models as auth
from app.auth.idempotency import models as idempotency
from app.auth.keys import models as keys
from app.auth.limits import models as limits
from app.auth.passwords import links
from app.core.config import Settings, settings
from app.core.db.autogenerate import render_item, rewriter
from app.core.db.compatibility.after_migration import recording_compatibility
from app.core.db.compatibility.comparison import is_compared
from app.core.db.derived import operations  # noqa: F401  op.fill_derived()
from app.core.db.driver.limits import MIGRATION_LIMITS
from app.core.db.engine import allow_copies_of_tables, make_engine, with_driver
from app.core.db.guarantees.after_migration import comparing_guarantees
from app.core.db.locks.process_lock import ProcessLock
from app.core.db.migrations import head
from app.core.db.outages.migrating import connect, reject_unknown_revision
from app.core.db.partitions import hiding_parts
from app.core.db.sqlite import batch  # noqa: F401  renames in batch blocks
from app.modules.customers import models as customers
from app.modules.products import models as products
from app.modules.tasks import models as tasks

logger = logging.getLogger("alembic")
MODELS = (
    archive,
    audit,
    auth,
    checkpoints,
    customers,
    idempotency,
    keys,
    limits,
    links,
    products,
    tasks,
)
# In a script (--sql) the limits are statements, for PostgreSQL.
PATIENCE = ("SET lock_timeout = '5s'", "SET statement_timeout = 0")
MIGRATION = ProcessLock("migration", 7_201_137)
WAITING = "Another migration is running on this database: waiting for its end"


def configure(**options: Any) -> None:
    context.configure(
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite's ALTER TABLE is limited: copy the table
        render_item=render_item,
        process_revision_directives=rewriter,
        transactional_ddl=True,
        transaction_per_migration=True,  # so that a migration can commit in between
        **options,
    )


def migrate(connection: Connection) -> None:
    reject_unknown_revision(connection, context.script)
    compare = comparing_guarantees(connection, head())
    include = hiding_parts(connection, is_compared)
    connection.commit()
    record = recording_compatibility(context.script)
    configure(
        connection=connection,
        on_version_apply=(compare, record),
        include_name=include,
    )
    with context.begin_transaction():
        context.run_migrations()


def write_sql(settings: Settings) -> None:
    """Write the SQL script (--sql), which takes no advisory lock."""
    url = with_driver(settings.DATABASE_URL)
    record = recording_compatibility(context.script)
    configure(url=url, literal_binds=True, on_version_apply=record)
    if url.get_backend_name() == "postgresql":
        for statement in PATIENCE:
            context.execute(statement)
    with context.begin_transaction():
        context.run_migrations()


async def migrate_online(settings: Settings) -> None:
    # One connection holds the lock.
    pooled = settings.model_copy(update={"DATABASE_POOL_SIZE": 2})
    engine = make_engine(pooled, MIGRATION_LIMITS, create=True)
    allow_copies_of_tables(engine)
    try:
        async with (
            connect(engine, settings.DATABASE_URL) as connection,
            MIGRATION.waited_for(engine, lambda: logger.warning(WAITING)),
        ):
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


# A program that runs Alembic passes its settings and configures logging itself.
given = context.config.attributes.get("settings")
if given is None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("alembic.runtime.migration").setLevel(logging.INFO)
    # Its command line prints the errors, too.
    logging.getLogger("alembic.util.messaging").setLevel(logging.CRITICAL)

if context.is_offline_mode():
    write_sql(given or settings)
else:
    asyncio.run(migrate_online(given or settings))
