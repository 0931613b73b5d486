"""Check that the schema is at the head revision and that its guarantees are in force.

The two checks cost a statement each: at the start, for /readyz, and for each request
only while the database is not ready.
"""

from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel import SQLModel

from app.core.db.database import Database
from app.core.db.guarantees.comparison import find_faults

FOLDER = Path(__file__).parents[3] / "alembic"
UPGRADE = "run `alembic upgrade head`"
RESTORE = "run `python scripts/restore_guarantees.py`"


@cache
def head() -> str | None:
    """Return the head revision of alembic/versions."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


async def check_schema(database: Database) -> str | None:
    """Return why the schema does not fit the code, or None if it does.

    Raises:
        sqlalchemy.exc.DBAPIError, OSError: the database does not answer.
    """
    if fault := await check_revision(database):
        return fault
    faults = await check_guarantees(database)
    return f"{'; '.join(faults)}: {RESTORE}" if faults else None


async def check_guarantees(database: Database) -> list[str]:
    """Return a clause for each trigger or CHECK constraint that is not in force."""
    async with database.reading() as session:
        connection = await session.connection()
        return await connection.run_sync(find_faults, SQLModel.metadata)


async def check_revision(database: Database) -> str | None:
    """Return why the schema is not at head, or None if it is."""
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
