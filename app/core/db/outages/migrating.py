"""Connection and checks of a migration, whose failure is one sentence."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import SQLModel

from app.core.db.outages.states import outage_of
from app.core.startup.database_faults import describe_fault

TAKEN = (
    "The database has no revision, but tables that a migration creates: {}. Check "
    "that DATABASE_URL is not that of another application"
)
STOPPED = "{}. The migration was stopped: run it again"


@asynccontextmanager
async def connect(
    engine: AsyncEngine, database_url: str
) -> AsyncIterator[AsyncConnection]:
    """Open a connection, and close it.

    Raises:
        CommandError: the database does not answer, is locked, or has no space left, or
            a file can't be used. An error of the migration is raised as it is.
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
        if cause := describe_stop(error):
            raise CommandError(STOPPED.format(cause)) from None
        raise
    finally:
        await connection.close()


def describe_stop(error: Exception) -> str | None:
    """Return what stops a migration: a file that can't be used, or the database."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return outage_of(error)


def reject_unknown_revision(connection: Connection, scripts: ScriptDirectory) -> None:
    """Say what to do with a schema of a newer release, or of another application.

    Raises:
        CommandError: the release does not have the schema's revision.
    """
    revision = MigrationContext.configure(connection).get_current_revision()
    found = inspect(connection).get_table_names() if revision is None else []
    if taken := sorted(SQLModel.metadata.tables.keys() & found):
        raise CommandError(TAKEN.format(", ".join(taken)))
    known = {script.revision for script in scripts.walk_revisions()}
    if revision and revision not in known:
        raise CommandError(
            f"The schema is at {revision}, which this release does not have: "
            "run the release that has migrated it"
        )
