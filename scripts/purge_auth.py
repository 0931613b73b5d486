"""Delete expired sessions, revoked tokens and counters. Doing it twice changes nothing.

python scripts/purge_auth.py

Nothing goes that could still be accepted, so it may run at any time: daily, say.
"""

import asyncio
import sys
from pathlib import Path

import typer
from sqlalchemy.exc import SQLAlchemyError

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.auth.sessions.purge import purge
from app.core.config import settings
from app.core.db.migrations import check_schema
from app.main import open_database


async def purge_expired() -> int:
    """Return how many rows have gone, or stop with one sentence."""
    async with open_database(settings) as database:
        if fault := await check_schema(database):
            sys.exit(fault)
        async with database.writing() as session:
            return await purge(session)


def main() -> None:
    """Delete expired sessions, revoked tokens and counters."""
    try:
        count = asyncio.run(purge_expired())
    except (SQLAlchemyError, OSError):
        sys.exit("The database does not answer. Nothing has changed.")
    print(f"Deleted {count} expired rows.")


if __name__ == "__main__":
    typer.run(main)
