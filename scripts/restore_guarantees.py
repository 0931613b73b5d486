"""Recreate triggers and CHECK constraints that are missing, disabled or altered.

python scripts/restore_guarantees.py

Use it when /readyz names one. First find out who removed it: until now the log could be
changed. The restore is recorded in the change log, in the same transaction. Exit codes:
0 done or nothing to do, 1 error.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlmodel import SQLModel

from app.audit.archive.trace import record_action
from app.core.config import settings
from app.core.context import Context, new_context
from app.core.db.database import Database
from app.core.db.driver.limits import MIGRATION_LIMITS
from app.core.db.engine import allow_copies_of_tables
from app.core.db.guarantees.comparison import SchemaComparison, find_faults
from app.core.db.guarantees.operations import RestoreGuaranteesOp
from app.core.db.migrations import check_head
from app.main import app  # noqa: F401  imports all models
from scripts.commands import exit_on_database_error, run_command, user_name


def restore(connection: Connection) -> list[str]:
    """Restore the guarantees of all tables; return what was wrong."""
    faults = list(SchemaComparison(connection, SQLModel.metadata).faults())
    operations = Operations(MigrationContext.configure(connection))
    for table in sorted({guarantee.declared_by for guarantee, _ in faults}):
        operations.invoke(RestoreGuaranteesOp(table))
    if left := find_faults(connection, SQLModel.metadata):
        raise CommandError(
            f"{'; '.join(left)}, even after it was created. On PostgreSQL, check that "
            "session_replication_role is `origin`."
        )
    return [f"{guarantee} {fault}" for guarantee, fault in faults]


@asynccontextmanager
async def open_unguarded() -> AsyncIterator[Database]:
    """Open the database as a migration does: SQLite has to copy tables."""
    database = Database(settings, MIGRATION_LIMITS)
    allow_copies_of_tables(database.engine)
    try:
        yield database
    finally:
        await database.close()


async def restore_all() -> list[str]:
    async with open_unguarded() as database:
        if fault := await check_head(database):
            sys.exit(fault)
        async with database.writing() as session:
            connection = await session.connection()
            faults = await connection.run_sync(restore)
            if faults:
                details = {"faults": faults}
                await record_action(session, "schema", "guarantees restored", details)
    return faults


def main() -> None:
    """Recreate triggers and CHECK constraints that are missing or altered."""
    by = new_context(Context(actor_label=user_name()))
    with exit_on_database_error("Nothing was restored."), by:
        faults = asyncio.run(restore_all())
    for fault in faults:
        print(f"Restored: {fault}")
    if not faults:
        print("All triggers and CHECK constraints are in force.")


if __name__ == "__main__":
    run_command(lambda: typer.run(main))
