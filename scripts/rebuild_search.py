"""Compute the derived columns again, by which lists are searched and sorted.

python scripts/rebuild_search.py

Use it when scripts/check_audit.py names one, such as after rows were written with psql.
The columns are in no entry of the change log, so the rows keep their versions. The
search indexes are built again as well. Exit
codes: 0 done, 1 error.
"""

import asyncio
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection
from sqlmodel import SQLModel

from app.core.config import settings
from app.core.db.database import Database
from app.core.db.derived.columns import derivations_of
from app.core.db.derived.rebuild import Rebuild
from app.core.db.driver.limits import MIGRATION_LIMITS
from app.core.db.engine import allow_copies_of_tables
from app.core.db.guarantees.search_index import create_search_index
from app.core.db.migrations import check_head
from app.main import app  # noqa: F401  imports all models
from scripts.commands import exit_on_database_error, run_command


def rebuild(connection: Connection) -> dict[str, int]:
    """Return the number of rows that were wrong, by table."""
    operations = Operations(MigrationContext.configure(connection))
    written = {}
    for table in filter(derivations_of, SQLModel.metadata.sorted_tables):
        derived = derivations_of(table)
        written[table.name] = Rebuild(connection, table.name, derived).run()
        create_search_index(operations, table.name)
    return written


async def rebuild_all() -> dict[str, int]:
    database = Database(settings, MIGRATION_LIMITS)
    allow_copies_of_tables(database.engine)
    try:
        if fault := await check_head(database):
            sys.exit(fault)
        async with database.writing() as session:
            connection = await session.connection()
            return await connection.run_sync(rebuild)
    finally:
        await database.close()


def main() -> None:
    """Compute the derived columns of all rows again."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with exit_on_database_error("Nothing was written."):
        written = asyncio.run(rebuild_all())
    for name, count in written.items():
        print(f"{name}: {count} rows were wrong")


if __name__ == "__main__":
    run_command(lambda: typer.run(main))
