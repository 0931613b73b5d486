"""Archive, search, restore and verify audit rows.

python scripts/archive_audit.py            show what a run would archive
python scripts/archive_audit.py run        archive it
python scripts/archive_audit.py --help     list all commands
"""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer

from app.audit.archive.adopt.adopter import Adopter
from app.audit.archive.adopt.report import AdoptReport
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.plan import Plan, make_plan
from app.audit.archive.restore.purge import purge_restored
from app.audit.archive.restore.restorer import Restorer
from app.audit.archive.run.archiver import Archiver
from app.audit.archive.run.lock import run_lock
from app.audit.archive.run.totals import RunTotals
from app.audit.archive.seals.sealer import Sealer
from app.audit.archive.search.fetcher import Fetcher
from app.audit.archive.search.query import SearchQuery
from app.audit.archive.search.search import Search
from app.audit.archive.status import make_status
from app.audit.archive.store.folder import FolderStore
from app.audit.archive.store.opened import open_store
from app.audit.archive.verify.evidence_file import read_evidence
from app.audit.archive.verify.report import VerificationReport
from app.audit.archive.verify.verify import verify as verify_all
from app.core.config import settings
from app.core.db.database import Database
from scripts.archive import holds, output, proofs
from scripts.archive.export import export
from scripts.archive.options import (
    AsJson,
    BatchSize,
    Before,
    Dest,
    KeepDays,
    MaxSeconds,
    Since,
    Tables,
    Until,
    Yes,
    archive_location,
    check_actor,
    check_text,
    confirm,
    cutoff_time,
    parse_range,
    selected_logs,
)
from scripts.archive.runner import exit_with_error, run_with_database
from scripts.commands import run_command

HELP = """
Archive old audit rows in files; search, restore and verify them. Without a command,
show the plan and change nothing.

A row is deleted only after its copy was written, synced to disk, read back and
compared. Every command can be interrupted at any time and started again.

Exit codes: 0 success, or nothing to do. 1 error: no row is lost, and the next run
continues. 2 invalid usage. 3 another archive command is running. 4 verification failed,
or files are not recorded in this database: investigate at once. 5 --max-seconds
reached: the next run continues.
"""
BATCH_ROWS = 1_000
MAX_NAMED = 5
ResultT = TypeVar("ResultT")
app = typer.Typer(
    help=HELP, no_args_is_help=False, add_completion=False, rich_markup_mode=None
)
app.add_typer(holds.app, name="hold")


def run_with_context(
    command: Callable[[ArchiveContext], Awaitable[ResultT]],
    dest: str,
    max_seconds: float | None = None,
    batch_size: int = BATCH_ROWS,
) -> ResultT:
    """Run a command with the database, the archive directory and a progress bar."""
    location = archive_location(dest)

    async def with_context(database: Database) -> ResultT:
        with output.ProgressBar(max_seconds) as bar:
            store, sealer = open_store(location, settings), Sealer(database, settings)
            return await command(
                ArchiveContext(database, store, sealer, bar, batch_size)
            )

    return run_with_database(with_context)


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        plan()


@app.command()
def plan(
    keep_days: KeepDays = None,
    until: Until = None,
    table: Tables = None,
    as_json: AsJson = False,
) -> None:
    """Show what `run` would archive and what would stay live. Changes nothing."""
    before = cutoff_time(keep_days, until)

    async def make_plans(database: Database) -> list[Plan]:
        return [await make_plan(database, log, before) for log in selected_logs(table)]

    plans = run_with_database(make_plans)
    (output.print_json if as_json else output.print_plans)(plans)


@app.command()
def run(  # noqa: PLR0913, they are options
    *,
    keep_days: KeepDays = None,
    until: Until = None,
    table: Tables = None,
    dest: Dest = "",
    batch_size: BatchSize = BATCH_ROWS,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Archive old rows.

    Writes and verifies files, then deletes the rows from the tables. After an
    interruption, the next run resumes the unfinished file.
    """
    before = cutoff_time(keep_days, until)
    archive_location(dest)
    confirm(f"Archive all rows before {before:%Y-%m-%d} (UTC)?", yes)

    async def archive_logs(context: ArchiveContext) -> dict[str, RunTotals]:
        async with run_lock(context.database):
            logs = selected_logs(table)
            return {log.name: await Archiver(context, log).run(before) for log in logs}

    totals = run_with_context(archive_logs, dest, max_seconds, batch_size)
    (output.print_json if as_json else output.print_totals)(totals)
    if damage := [each for done in totals.values() for each in done.damage]:
        exit_with_error(
            f"Passed over, because it is damaged (run `verify`): "
            f"{'; '.join(damage[:MAX_NAMED])}",
            VerificationException.exit_code,
        )


@app.command()
def verify(
    table: Tables = None,
    dest: Dest = "",
    seals: Annotated[
        str,
        typer.Option(
            help="File of exported seals. Default: AUDIT_SEAL_FILE, if set.",
            show_default=False,
        ),
    ] = settings.AUDIT_SEAL_FILE,
    as_json: AsJson = False,
) -> None:
    """Verify rows, archive files and seals.

    Exit code 4: data was modified, removed, added or forged. Save the output, change
    nothing, and investigate which accounts could write there.
    """

    async def verify_logs(context: ArchiveContext) -> VerificationReport:
        evidence = read_evidence(Path(seals)) if seals else []
        # Lock out runs, which move rows between the tables and the files.
        async with run_lock(context.database):
            return await verify_all(context, selected_logs(table), evidence)

    report = run_with_context(verify_logs, dest)
    (output.print_json if as_json else output.print_report)(report)
    if report.findings:
        exit_with_error(
            "Verification failed: see the findings on standard output.",
            VerificationException.exit_code,
        )


@app.command()
def restore(
    since: Since = None,
    until: Before = None,
    table: Tables = None,
    dest: Dest = "",
    as_json: AsJson = False,
) -> None:
    """Copy archived rows into the restore tables.

    The tables are audit_change_restored and audit_access_restored; the API reads them
    with `?include=restored`. Restores all files that overlap the range. Idempotent.
    """

    async def restore_logs(context: ArchiveContext) -> dict[str, RunTotals]:
        async with run_lock(context.database):
            log_range, logs = parse_range(since, until), selected_logs(table)
            return {
                log.name: await Restorer(context, log).restore_range(log_range)
                for log in logs
            }

    totals = run_with_context(restore_logs, dest)
    (output.print_json if as_json else output.print_totals)(totals)


@app.command()
def query(  # noqa: PLR0913, they are options
    *,
    entity: Annotated[
        str | None,
        typer.Option(callback=check_text, help="Entity type, for example Product."),
    ] = None,
    id: Annotated[UUID | None, typer.Option(help="Id of the entity.")] = None,
    actor: Annotated[
        str | None,
        typer.Option(
            callback=check_actor,
            help="User who acted: an id; an e-mail address if it is in clear.",
        ),
    ] = None,
    request: Annotated[
        str | None, typer.Option(callback=check_text, help="Request id.")
    ] = None,
    since: Since = None,
    until: Before = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Maximum number of rows.")
    ] = 1_000,
    dest: Dest = "",
    as_json: AsJson = False,
) -> None:
    """Print matching rows as JSON lines, newest first.

    Searches live, restored and archived rows. Files whose manifest or index excludes a
    match are skipped. An archived row that is not as it was sealed, and a file that is
    not as it was recorded, are not returned but named; the exit code is then 4.
    """
    entity_id = str(id) if id else None
    search_query = SearchQuery(
        parse_range(since, until), limit, entity, entity_id, actor, request
    )
    result = run_with_context(lambda context: Search(context, search_query).run(), dest)
    (output.print_json if as_json else output.print_search_result)(result)
    if result.rejected:
        exit_with_error(
            "Not returned, because not as recorded and sealed (run `verify`): "
            f"{', '.join(result.rejected)}",
            VerificationException.exit_code,
        )


@app.command()
def fetch(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Folder to copy to.")
    ],
    since: Since = None,
    until: Before = None,
    table: Tables = None,
    dest: Dest = "",
) -> None:
    """Copy archived files of rows to a folder, for programs such as DuckDB.

    Only files that are as they were recorded are copied; the others are named, and the
    exit code is then 4. Files that the folder has already are not copied again.
    """

    async def fetch_logs(context: ArchiveContext) -> Fetcher:
        fetcher = Fetcher(context, FolderStore(folder))
        for log in selected_logs(table):
            found = await fetcher.fetch(log, parse_range(since, until))
            print(f"{log.name}: {output.pluralize(len(found), 'file')}")
        return fetcher

    if rejected := run_with_context(fetch_logs, dest).rejected:
        exit_with_error(
            f"Not copied, because not as recorded (run `verify`): "
            f"{', '.join(rejected)}",
            VerificationException.exit_code,
        )


@app.command()
def adopt(
    *,
    dest: Dest = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compare only; change nothing.")
    ] = False,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Adopt the files of a database that was restored from a backup.

    Compares the files that the database has not recorded with its rows and seals, and
    records them. If anything contradicts, changes nothing; the exit code is then 4.
    """
    archive_location(dest)
    if not dry_run:
        confirm("Adopt the files that this database has not recorded?", yes)

    async def adopt_files(context: ArchiveContext) -> AdoptReport:
        async with run_lock(context.database):
            return await Adopter(context).adopt(dry_run=dry_run)

    report = run_with_context(adopt_files, dest)
    (output.print_json if as_json else output.print_adoption)(report)
    if report.contradictions:
        exit_with_error(
            "Nothing was changed: see the contradictions on standard output.",
            VerificationException.exit_code,
        )


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show row counts, files, the newest seal and holds."""
    found = run_with_database(make_status)
    (output.print_json if as_json else output.print_status)(found)


@app.command("purge-restored")
def purge(
    table: Tables = None,
    batch_size: BatchSize = BATCH_ROWS,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Delete the copies that `restore` has made. The files stay."""
    confirm("Delete all restored rows?", yes)

    async def purge_all(database: Database) -> dict[str, int]:
        async with run_lock(database):
            return {
                log.name: await purge_restored(database, log, batch_size)
                for log in selected_logs(table)
            }

    counts = run_with_database(purge_all)
    (output.print_json if as_json else output.print_purged)(counts)


# The former name; it printed the newest seal as JSON.
app.command("export-seal", hidden=True)(proofs.checkpoint)
for command in (
    export,
    proofs.checkpoint,
    proofs.key,
    proofs.prove,
    proofs.consistency,
):
    app.command()(command)


if __name__ == "__main__":
    run_command(app)
