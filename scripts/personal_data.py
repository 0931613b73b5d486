"""Export or erase the data of one person: a user, a customer, or another record.

python scripts/personal_data.py init
python scripts/personal_data.py export customer 01a2271e-5112-7705-a60f-60d17a2571b3
python scripts/personal_data.py erase customer 01a2271e-… --reason "Request of 12 May"
python scripts/personal_data.py reapply

docs/PERSONAL_DATA.md explains all of it. Exit codes: 0 done, 1 error, 2 usage, 3 a
legal hold forbids it.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import orjson
import typer
from sqlalchemy.util import greenlet_spawn

from app.audit.archive.canonical import json_default
from app.audit.erasure.eraser import Eraser
from app.audit.erasure.exceptions import ErasureException
from app.audit.erasure.export import PersonExport
from app.audit.erasure.ledger import open_ledger
from app.audit.erasure.person import find_person
from app.audit.erasure.reapplying import reapply as reapply_all
from app.audit.erasure.report import ErasureReport
from app.audit.erasure.repository import ErasureRepository
from app.audit.personal.exceptions import KeysUnavailableException
from app.audit.personal.keys import keys_at
from app.core.config import settings
from app.core.context import Context, new_context
from app.core.db.database import Database
from app.core.db.migrations import check_head
from app.main import open_database
from scripts.archive.holds import check_reason
from scripts.archive.output import pluralize
from scripts.archive.runner import log_to_stderr
from scripts.backups.vacuum import vacuum
from scripts.commands import exit_on_database_error, run_command, user_name

app = typer.Typer(help=__doc__, rich_markup_mode=None)
Entity = Annotated[str, typer.Argument(help="Entity type, such as Customer or User.")]
Id = Annotated[UUID, typer.Argument(help="Id of the record.")]
Reason = Annotated[
    str, typer.Option(callback=check_reason, help="Reason, for the log: name no one.")
]
Vacuum = Annotated[
    bool, typer.Option("--vacuum", help="Rewrite the file of SQLite. Blocks writes.")
]
ResultT = TypeVar("ResultT")


def run(command: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
    """Run a command; on failure print one line to standard error and exit."""
    log_to_stderr()
    try:
        with (
            exit_on_database_error("The command can be repeated."),
            new_context(Context(actor_label=user_name())),
        ):
            return asyncio.run(with_database(command))
    except ErasureException as error:
        print(f"{error}.", file=sys.stderr)
        sys.exit(error.exit_code)


async def with_database(command: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
    async with open_database(settings) as database:
        if fault := await check_head(database):
            raise ErasureException(fault.rstrip("."))
        return await command(database)


@app.command()
def init() -> None:
    """Make the store of the keys. Back it up by itself, and keep copies briefly."""
    if not settings.PERSONAL_KEYS_URL:
        sys.exit("Set PERSONAL_KEYS_URL first.")
    try:
        store = keys_at(settings.PERSONAL_KEYS_URL).store
        asyncio.run(greenlet_spawn(store.create))
    except (OSError, KeysUnavailableException) as error:
        sys.exit(f"The store was not made: {error}.")
    print("The store of the keys is made.")


@app.command()
def export(entity: Entity, id: Id) -> None:
    """Print a person's data as JSON lines. The log records it before the first one."""
    person = find_person_or_exit(entity, id)

    async def write(database: Database) -> int:
        count = 0
        async for item in PersonExport(database, person).items():
            if not count:
                # Before anything leaves: the command may be killed meanwhile.
                async with database.writing() as session:
                    await ErasureRepository(session).record(person, "exported")
            line = orjson.dumps(item, default=json_default, option=orjson.OPT_UTC_Z)
            print(line.decode())
            count += 1
        return count

    if not run(write):
        print(f"{person.name}: no data.", file=sys.stderr)
        sys.exit(2)


def find_person_or_exit(entity: str, id: UUID) -> Any:
    try:
        return find_person(entity, id)
    except ErasureException as error:
        print(f"{error}.", file=sys.stderr)
        sys.exit(error.exit_code)


@app.command()
def erase(entity: Entity, id: Id, reason: Reason, vacuum_file: Vacuum = False) -> None:
    """Erase a person, and print what cannot be reached."""
    person = find_person_or_exit(entity, id)

    async def end(database: Database) -> list[str]:
        eraser = Eraser(database, open_ledger(settings))
        done = await eraser.erase(person, reason, user_name())
        print(
            f"{person.name} is erased: {pluralize(done.keys, 'key')} destroyed, "
            f"{pluralize(done.answers, 'kept response')} deleted, "
            f"{'live values replaced' if done.live else 'not live'}."
        )
        if vacuum_file:
            rewrite_file()
        async with database.reading() as session:
            report = ErasureReport(session, person)
            return await report.unreachable(is_rewritten=vacuum_file)

    unreachable = run(end)
    print("Not reached:")
    for sentence in unreachable:
        print(f"- {sentence}.")


def rewrite_file() -> None:
    try:
        vacuum(settings.DATABASE_URL)
    except sqlite3.Error as error:
        raise ErasureException(
            "The file of the database was not rewritten, so it has former values: "
            f"{error}. Repeat the command"
        ) from None


@app.command()
def reapply() -> None:
    """Erase again whom a restored database has, or an interrupted command left."""

    async def again(database: Database) -> int:
        return await reapply_all(Eraser(database, open_ledger(settings)))

    print(f"Erasures that were missing and are applied: {run(again)}.")


if __name__ == "__main__":
    run_command(app)
