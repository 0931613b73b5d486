"""Check that the database's schema is at the head revision."""

from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.core.db.database import Database

FOLDER = Path(__file__).parents[3] / "alembic"
UPGRADE = "run `alembic upgrade head`"


@cache
def head() -> str | None:
    """Return the head revision of alembic/versions."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


async def check_schema(database: Database) -> str | None:
    """Return why the schema is not at head, or None if it is.

    Raises:
        sqlalchemy.exc.DBAPIError, OSError: the database does not answer.
    """
    revision = await current(database)
    if revision == head():
        return None
    if revision is None:
        return f"The database has no schema yet: {UPGRADE}"
    return f"The schema is at {revision}, but the code needs {head()}: {UPGRADE}"


async def current(database: Database) -> str | None:
    """Return the database's revision, or None if it has never been migrated."""
    async with database.reading() as session:
        connection = await session.connection()
        try:
            revision = await connection.scalar(
                text("SELECT version_num FROM alembic_version")
            )
        except (OperationalError, ProgrammingError):
            # The table is missing, or the database does not answer: then this raises.
            await connection.scalar(text("SELECT 1"))
            return None
    return str(revision) if revision else None
