"""Connection and checks of a migration, whose failure is one sentence."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.db.outages.states import outage_of
from app.core.startup.database_faults import describe_fault

STOPPED = "{}. The migration was stopped: run it again"


@asynccontextmanager
async def connect(
    engine: AsyncEngine, database_url: str
) -> AsyncIterator[AsyncConnection]:
    """Open a connection, and close it.

    Raises:
        CommandError: the database does not answer, is locked, or has no space left. An
            error of the migration itself is raised as it is.
    """
    connection = engine.connect()
    try:
        await connection.start()
    except (SQLAlchemyError, OSError) as error:
        reason = describe_fault(error, database_url)
        raise CommandError(f"Database error: {reason}") from None
    try:
        yield connection
    except (SQLAlchemyError, OSError) as error:
        if outage := outage_of(error):
            raise CommandError(STOPPED.format(outage)) from None
        raise
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
