"""Is the database's schema the one that this code was written for?"""

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
    """Return the newest revision that alembic/versions knows."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


async def schema_fault(database: Database) -> str | None:
    """Say why the schema is not at head, or None when it is.

    Raises whatever the driver raises when the database does not answer.
    """
    revision = await current(database)
    if revision == head():
        return None
    if revision is None:
        return f"The database has no schema yet: {UPGRADE}"
    return f"The schema is at {revision}, the code needs {head()}: {UPGRADE}"


async def current(database: Database) -> str | None:
    """Return the database's revision; None when it never saw a migration."""
    async with database.reading() as session:
        connection = await session.connection()
        try:
            revision = await connection.scalar(
                text("SELECT version_num FROM alembic_version")
            )
        except (OperationalError, ProgrammingError):
            # No such table, or no database at all: then this fails as well.
            await connection.scalar(text("SELECT 1"))
            return None
    return str(revision) if revision else None
