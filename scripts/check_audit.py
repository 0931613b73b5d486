"""Replay the change log, and compare its entries with each other and with the records.

python scripts/check_audit.py

Also compare the log with the checkpoints in AUDIT_SEAL_FILE, if it is set: one that
ends before one of them is that of an older or incomplete copy of the database.

Read-only, from one snapshot of the database; safe at any time. Exit codes: 0 no
differences, or only such as an unaudited write explains; 1 differences, or a trigger
that is not in force; 2 usage; 3 the check could not be completed.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from enum import IntEnum
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer
from sqlalchemy import Table
from sqlmodel import SQLModel

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.exceptions import ArchiveException
from app.audit.archive.logs import model_table
from app.audit.archive.models import AuditArchive, AuditHold
from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.verify.evidence_file import read_evidence
from app.audit.changes.redaction_keys import redaction_keys
from app.audit.consistency.check import ConsistencyCheck
from app.audit.consistency.exported import find_lost_ends, newest_checkpoints
from app.audit.consistency.findings import Finding, Note
from app.audit.consistency.holds import find_unlogged_holds
from app.audit.consistency.permits import find_permits
from app.audit.models import AuditChange
from app.core.config import Settings, settings
from app.core.db.columns import find_missing_columns
from app.core.db.database import Database
from app.core.db.migrations import RESTORE, check_guarantees, read_revision
from app.core.models import Entity, entities
from app.main import open_database
from scripts.commands import exit_on_database_error, run_command


class ExitCode(IntEnum):
    CONSISTENT = 0
    DIFFERENCES = 1
    INCOMPLETE = 3


async def check(settings: Settings, seals: str) -> ExitCode:
    """Print all differences, and return the exit code."""
    try:
        # Before the snapshot, which then has each of them.
        exported = read_exported(seals)
    except ArchiveException as error:
        return report_incomplete(str(error))
    except (OSError, ValueError, KeyError) as error:
        return report_incomplete(f"{seals} cannot be read: {error}")
    async with open_database(settings) as database:
        schema = await read_revision(database)
        if schema.fault:
            return report_incomplete(schema.fault)
        if damaged := await find_missing_columns(database, checked_tables()):
            reason = "; ".join(damaged.values())
            return report_incomplete(f"The schema was changed: {reason}.")
        faults = await check_guarantees(database, schema)
        for fault in faults:
            print(f"{fault}: {RESTORE}")
        count = len(faults) + await print_problems(database, exported)
        async for finding in find_inconsistencies(database):
            print(finding)
            count += not (finding.reason or isinstance(finding, Note))
    if count:
        print(f"{count} differences between the log and the records.", file=sys.stderr)
        return ExitCode.DIFFERENCES
    print("All records match the change log.")
    return ExitCode.CONSISTENT


def read_exported(seals: str) -> dict[str, Checkpoint]:
    return newest_checkpoints(read_evidence(Path(seals))) if seals else {}


async def print_problems(database: Database, exported: dict[str, Checkpoint]) -> int:
    """Print what is wrong with the log as a whole; return the number of problems."""
    async with database.reading() as session:
        problems = await find_permits(session)
        problems += await find_unlogged_holds(session)
        problems += [each async for each in find_lost_ends(session, exported)]
    for problem in problems:
        print(problem)
    return len(problems)


async def find_inconsistencies(database: Database) -> AsyncIterator[Finding]:
    keys = redaction_keys(settings)
    async with database.snapshot() as session:
        for model in checked_models():
            check = ConsistencyCheck(session, model, keys)
            async for finding in check.find_inconsistencies():
                yield finding


def checked_models() -> list[type[Entity]]:
    # Other metadata has other tables: those of tests.
    return [each for each in entities() if each.metadata is SQLModel.metadata]


def checked_tables() -> list[Table]:
    """Return the tables that are read. A newer release's may have further columns."""
    models: list[type[SQLModel]] = [*checked_models()]
    models += [AuditChange, AuditArchive, AuditHold, AuditSeal]
    return [model_table(model) for model in models]


def report_incomplete(reason: str) -> ExitCode:
    print(reason, file=sys.stderr)
    return ExitCode.INCOMPLETE


SEALS = "File of exported checkpoints. Default: AUDIT_SEAL_FILE, if set."


def main(
    seals: Annotated[str, typer.Option(help=SEALS, show_default=False)] = (
        settings.AUDIT_SEAL_FILE
    ),
) -> None:
    """Compare the change log with the records."""
    try:
        with exit_on_database_error("The check is incomplete.", ExitCode.INCOMPLETE):
            code = asyncio.run(check(settings, seals))
    except ValueError as error:
        code = report_incomplete(f"A record has an invalid id: {error}")
    sys.exit(code)


if __name__ == "__main__":
    run_command(lambda: typer.run(main), ExitCode.INCOMPLETE)
