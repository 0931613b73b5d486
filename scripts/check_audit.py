"""Replay every change in the audit log, and compare with the records that are there.

python scripts/check_audit.py

It only reads, and may run at any time; a record that is changed meanwhile is looked at
again. Exit codes: 0 the log tells the truth, 1 it does not or could not be read.
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


async def find_faults() -> list[Inconsistency]:
    """Return what is wrong twice: what was only being written is right by then."""
    async with open_database(settings) as database:
        if fault := await check_schema(database):
            sys.exit(fault)
        found: list[set[Inconsistency]] = []
        for _ in range(2):
            async with database.reading() as session:
                checks = [ConsistencyCheck(session, model) for model in entities()]
                found.append(
                    {each for check in checks async for each in check.faults()}
                )
        return sorted(found[0] & found[1], key=str)


def main() -> None:
    """Replay every change in the audit log; compare with the records that are there."""
    try:
        faults = asyncio.run(find_faults())
    except (SQLAlchemyError, OSError):
        sys.exit("The database does not answer. Nothing was checked.")
    for fault in faults:
        print(f"{fault.entity} {fault.id}: {fault.problem}")
    if faults:
        sys.exit(f"{len(faults)} differences between the log and the records.")
    print("The log tells the truth about every record.")


if __name__ == "__main__":
    typer.run(main)
