"""Alembic environment: database connection, target metadata, rendering of types."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import SQLModel

from alembic import context

# One line for each module with tables: the import adds them to the metadata.
from app.audit import models as audit
from app.audit.archive import models as archive
from app.audit.archive.checkpoints import models as checkpoints
from app.audit.changes import migration_operations  # noqa: F401  op.record_unaudited()
from app.auth import models as auth
from app.auth.idempotency import models as idempotency
from app.core.config import Settings, settings
from app.core.db.autogenerate import render_item, rewriter
from app.core.db.compatibility.after_migration import recording_compatibility
from app.core.db.compatibility.comparison import is_compared
from app.core.db.engine import make_engine, with_driver
from app.core.db.guarantees.after_migration import comparing_guarantees
from app.core.db.migrations import head
from app.core.db.partitions import hiding_partitions
from app.core.startup.database_faults import describe_fault
from app.modules.customers import models as customers
from app.modules.products import models as products
from app.modules.tasks import models as tasks

MODELS = (
    archive,
    audit,
    auth,
    checkpoints,
    customers,
    idempotency,
    products,
    tasks,
)
# PostgreSQL only: a statement that waits for a lock blocks all later requests for it.
PATIENCE = ("SET lock_timeout = '5s'", "SET statement_timeout = 0")
ONE_AT_A_TIME = 7_201_137  # key of the advisory lock that serializes migrations


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
    if connection.dialect.name == "postgresql":
        for statement in PATIENCE:
            connection.execute(text(statement))
        connection.execute(text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))
        connection.commit()
    reject_unknown_revision(connection)
    compare = comparing_guarantees(connection, head())
    include = hiding_partitions(connection, is_compared)
    connection.commit()
    record = recording_compatibility(context.script)
    configure(
        connection=connection,
        on_version_apply=(compare, record),
        include_name=include,
    )
    with context.begin_transaction():
        context.run_migrations()


def reject_unknown_revision(connection: Connection) -> None:
    """Say what to do with a schema that a newer release has migrated."""
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in context.script.walk_revisions()}
    if revision and revision not in known:
        raise CommandError(
            f"The schema is at {revision}, which this release does not have: "
            "run the release that has migrated it"
        )


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


def trust_references(connection: Any, _: Any) -> None:
    """Disable SQLite's foreign keys, so that a referenced table can be copied."""
    connection.execute("PRAGMA foreign_keys = OFF")


def wait_for_statements(_: Any, __: Any, ___: Any, options: dict[str, Any]) -> None:
    """Disable the driver's deadline: a migration takes as long as it takes."""
    options.pop("command_timeout")


@asynccontextmanager
async def connect(
    engine: AsyncEngine, settings: Settings
) -> AsyncIterator[AsyncConnection]:
    """Open a connection. If that fails, Alembic prints one sentence."""
    connection = engine.connect()
    try:
        await connection.start()
    except (SQLAlchemyError, OSError) as error:
        reason = describe_fault(error, settings.DATABASE_URL)
        raise CommandError(f"Database error: {reason}") from None
    try:
        yield connection
    finally:
        await connection.close()


async def migrate_online(settings: Settings) -> None:
    engine = make_engine(settings, create=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", trust_references)
    else:
        event.listen(engine.sync_engine, "do_connect", wait_for_statements)
    try:
        async with connect(engine, settings) as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()  # it ends the session, which has the advisory lock


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
