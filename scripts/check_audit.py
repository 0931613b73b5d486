"""Replay the change log and compare the result with the records.

python scripts/check_audit.py

Read-only; safe at any time. Differences are checked twice, so that a concurrent write
is not reported. Exit codes: 0 no differences, 1 differences or an error.
"""

import asyncio
import sys
from pathlib import Path

import typer
from sqlalchemy.exc import SQLAlchemyError

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.audit.history.consistency import ConsistencyCheck, Inconsistency
from app.core.config import settings
from app.core.db.migrations import check_schema
from app.core.models import entities
from app.main import open_database


async def find_differences() -> list[Inconsistency]:
    """Return the differences found by both of two passes, to exclude open writes."""
    async with open_database(settings) as database:
        if fault := await check_schema(database):
            sys.exit(fault)
        passes: list[set[Inconsistency]] = []
        for _ in range(2):
            async with database.reading() as session:
                checks = [ConsistencyCheck(session, model) for model in entities()]
                found = [each.find_inconsistencies() for each in checks]
                passes.append({each for entity in found async for each in entity})
        return sorted(passes[0] & passes[1], key=str)


def main() -> None:
    """Replay the change log and compare the result with the records."""
    try:
        differences = asyncio.run(find_differences())
    except (SQLAlchemyError, OSError):
        sys.exit(
            "Database error: no record was checked. Check DATABASE_URL and the server."
        )
    for each in differences:
        print(f"{each.entity} {each.id}: {each.problem}")
    if differences:
        sys.exit(f"{len(differences)} differences between the log and the records.")
    print("All records match the change log.")


if __name__ == "__main__":
    typer.run(main)
