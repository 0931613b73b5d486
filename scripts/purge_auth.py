"""Delete expired sessions, keys, links, counters and stored responses. Idempotent.

python scripts/purge_auth.py

Deletes only rows that no longer affect a request; safe at any time, for example daily.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer

from app.auth.sessions.purge import purge
from app.core.config import settings
from app.core.db.migrations import check_schema
from app.main import open_database
from scripts.commands import exit_on_database_error, run_command


async def purge_expired() -> int:
    """Delete expired rows; return their number."""
    async with open_database(settings) as database:
        if fault := await check_schema(database):
            sys.exit(fault)
        async with database.writing() as session:
            return await purge(session)


def main() -> None:
    """Delete expired sessions, keys, links, counters and stored responses."""
    with exit_on_database_error("No row was deleted."):
        count = asyncio.run(purge_expired())
    print(f"Deleted {count} expired rows.")


if __name__ == "__main__":
    run_command(lambda: typer.run(main))
