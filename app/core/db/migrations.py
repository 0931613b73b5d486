"""Check that the schema fits this release, and that its guarantees are in force.

The schema is at the release's head revision, or newer and compatible. The two checks
cost a statement each (three with a newer schema): at the start, for /readyz, and for
each request only while the database is not ready.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Executable, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from app.core.db.compatibility.replaced import find_faults_since
from app.core.db.compatibility.table import is_compatible
from app.core.db.database import Database
from app.core.db.guarantees.comparison import find_faults
from app.core.db.sqlite.files import is_missing

FOLDER = Path(__file__).parents[3] / "alembic"
UPGRADE = "run `alembic upgrade head`"
RESTORE = "run `python scripts/restore_guarantees.py`"
VERSION = text("SELECT version_num FROM alembic_version")


@dataclass(frozen=True)
class SchemaRevision:
    """The revision of the database, and whether this release can run with it."""

    revision: str | None
    is_compatible: bool

    @property
    def is_head(self) -> bool:
        return self.revision == head()

    @property
    def state(self) -> str:
        """The state for /readyz."""
        if self.is_head:
            return "ok"
        return (
            f"ok: the schema is at {self.revision}, which is newer than this release's "
            f"{head()}, and compatible"
        )

    @property
    def fault(self) -> str | None:
        """The reason why this release can't run, or None."""
        if self.is_compatible:
            return None
        if self.revision is None:
            return f"The database has no schema yet: {UPGRADE}"
        known = self.revision in revisions()
        advice = UPGRADE if known else "run the release that has migrated it"
        return (
            f"The schema is at {self.revision}, but the code needs {head()}: {advice}"
        )


@cache
def head() -> str | None:
    """Return the head revision; raise CommandError if alembic/versions has two."""
    heads = ScriptDirectory(str(FOLDER)).get_heads()
    if len(heads) > 1:
        raise CommandError(
            f"alembic/versions has the heads {' and '.join(heads)}: "
            "run `alembic merge heads`, and commit the new file"
        )
    return heads[0] if heads else None


@cache
def revisions() -> frozenset[str]:
    """Return all revisions of alembic/versions."""
    scripts = ScriptDirectory(str(FOLDER)).walk_revisions()
    return frozenset(script.revision for script in scripts)


async def check_schema(database: Database) -> str | None:
    """Return why this release can't run with the schema, or None if it can.

    Raises:
        sqlalchemy.exc.DBAPIError, OSError: the database does not answer.
    """
    schema = await read_revision(database)
    return schema.fault or await describe_faults(database, schema)


async def check_head(database: Database) -> str | None:
    """Return why the schema is not exactly this release's, or None if it is.

    For work that needs each column or trigger there is.
    """
    schema = await read_revision(database)
    if schema.fault or schema.is_head:
        return schema.fault
    return (
        f"The schema is at {schema.revision}, which is newer than this release's "
        f"{head()}: run this with the newer release"
    )


async def describe_faults(database: Database, schema: SchemaRevision) -> str | None:
    faults = await check_guarantees(database, schema)
    return f"{'; '.join(faults)}: {RESTORE}" if faults else None


async def check_guarantees(database: Database, schema: SchemaRevision) -> list[str]:
    """Return a clause for each trigger or CHECK constraint that is not in force."""
    async with database.reading() as session:
        connection = await session.connection()
        if schema.is_head or schema.revision is None:
            return await connection.run_sync(find_faults, SQLModel.metadata)
        return await connection.run_sync(
            find_faults_since, SQLModel.metadata, schema.revision
        )


async def read_revision(database: Database) -> SchemaRevision:
    """Return the database's revision; None if it has never been migrated."""
    if is_missing(database.engine.url):
        return SchemaRevision(None, False)
    async with database.reading() as session:
        connection = await session.connection()
        revision = await read_optional(connection, VERSION)
        if revision is None or revision == head():
            return SchemaRevision(revision, revision is not None)
        query = is_compatible(revision, head() or "")
        found = await read_optional(connection, query)
        return SchemaRevision(revision, found is not None)


async def read_optional(connection: AsyncConnection, query: Executable) -> str | None:
    """Return the first value, or None if there is no row or no such table."""
    try:
        value = await connection.scalar(query)
    except (OperationalError, ProgrammingError):
        # The table is missing, or the database does not answer: then this raises.
        await connection.scalar(text("SELECT 1"))
        return None
    return str(value) if value else None
