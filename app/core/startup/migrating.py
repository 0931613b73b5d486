"""Checks before a migration, whose failure is one sentence."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.startup.database_faults import describe_fault


@asynccontextmanager
async def connect(
    engine: AsyncEngine, database_url: str
) -> AsyncIterator[AsyncConnection]:
    """Open a connection.

    Raises:
        CommandError: the database does not answer.
    """
    connection = engine.connect()
    try:
        await connection.start()
    except (SQLAlchemyError, OSError) as error:
        reason = describe_fault(error, database_url)
        raise CommandError(f"Database error: {reason}") from None
    try:
        yield connection
    finally:
        await connection.close()


def reject_unknown_revision(connection: Connection, scripts: ScriptDirectory) -> None:
    """Say what to do with a schema that a newer release has migrated.

    Raises:
        CommandError: the release does not have the schema's revision.
    """
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if revision and revision not in known:
        raise CommandError(
            f"The schema is at {revision}, which this release does not have: "
            "run the release that has migrated it"
        )
