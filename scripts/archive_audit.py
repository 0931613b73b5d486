"""Move old audit rows into cold storage, find them again, prove that none was changed.

python scripts/archive_audit.py            what a run would do: it changes nothing
python scripts/archive_audit.py run        do it
python scripts/archive_audit.py --help     the other commands
"""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.store import Store
from app.audit.archive.plan import Plan, make_plan
from app.audit.archive.restore.purge import purge_restored
from app.audit.archive.restore.restorer import Restorer
from app.audit.archive.run.archiver import Archiver, Outcome
from app.audit.archive.run.lock import only_run
from app.audit.archive.seals.sealer import Sealer, newest_seal
from app.audit.archive.search.query import SearchQuery
from app.audit.archive.search.search import Search
from app.audit.archive.status import make_status
from app.audit.archive.verify.report import Report
from app.audit.archive.verify.seals import read_witnesses
from app.audit.archive.verify.verify import verify as verify_all
from app.core.config import settings
from app.core.db.database import Database
from scripts.archive import holds, show
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
    chosen,
    confirm,
    folder,
    horizon,
    span,
)
from scripts.archive.session import perform, stop

HELP = """
Move old rows of the audit trail into cold storage, find them again, and prove that none
was changed. Without a command it shows the plan, and changes nothing.

A row is deleted only after its copy was written, synced to the disk, read back and
compared. Any command may be interrupted at any time and started again.

Exit codes: 0 done, or nothing to do. 1 an error: nothing is lost, the next run goes on.
2 wrong usage. 3 another run is under way. 4 verification has failed: look at once.
5 stopped at the time budget: the next run goes on.
"""
BATCH = 1_000
ResultT = TypeVar("ResultT")
app = typer.Typer(
    help=HELP, no_args_is_help=False, add_completion=False, rich_markup_mode=None
)
app.add_typer(holds.app, name="hold")


def work(
    do: Callable[[ArchiveContext], Awaitable[ResultT]],
    dest: str,
    max_seconds: float | None = None,
    batch_size: int = BATCH,
) -> ResultT:
    """Do this with the database, the archive and a progress bar."""
    place = folder(dest)

    async def with_tools(database: Database) -> ResultT:
        with show.Bar(max_seconds) as bar:
            sealer = Sealer(database, settings)
            return await do(
                ArchiveContext(database, Store(place), sealer, bar, batch_size)
            )

    return perform(with_tools)


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
    """Show what `run` would do, and what would stay. This changes nothing."""
    before = horizon(keep_days, until)

    async def look(database: Database) -> list[Plan]:
        return [await make_plan(database, log, before) for log in chosen(table)]

    plans = perform(look)
    (show.as_json if as_json else show.show_plans)(plans)


@app.command()
def run(  # noqa: PLR0913, they are options
    *,
    keep_days: KeepDays = None,
    until: Until = None,
    table: Tables = None,
    dest: Dest = "",
    batch_size: BatchSize = BATCH,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Archive what is old enough: write, verify, and only then delete from the tables.

    An interrupted run leaves nothing half done: the next one goes on where it was.
    """
    before = horizon(keep_days, until)
    folder(dest)
    confirm(f"Move all rows from before {before:%Y-%m-%d} into the archive?", yes)

    async def archive(context: ArchiveContext) -> dict[str, Outcome]:
        async with only_run(context.database):
            logs = chosen(table)
            return {log.name: await Archiver(context, log).run(before) for log in logs}

    outcomes = work(archive, dest, max_seconds, batch_size)
    (show.as_json if as_json else show.show_outcomes)(outcomes)


@app.command()
def verify(
    table: Tables = None,
    dest: Dest = "",
    seals: Annotated[
        str,
        typer.Option(
            help="A file of exported seals. Default: AUDIT_SEAL_FILE, if set.",
            show_default=False,
        ),
    ] = settings.AUDIT_SEAL_FILE,
    as_json: AsJson = False,
) -> None:
    """Compare every row, live and archived, with the seals, and the seals themselves.

    Exit code 4 means that something is modified, missing, extra or forged: keep the
    output, change nothing, and find out who could write there.
    """

    async def compare(context: ArchiveContext) -> Report:
        witnesses = read_witnesses(Path(seals)) if seals else []
        # A run would move rows from one side to the other meanwhile.
        async with only_run(context.database):
            return await verify_all(context, chosen(table), witnesses)

    report = work(compare, dest)
    (show.as_json if as_json else show.show_report)(report)
    if report.findings:
        stop("Verification has failed.", VerificationException.exit_code)


@app.command()
def restore(
    since: Since = None,
    until: Before = None,
    table: Tables = None,
    dest: Dest = "",
    as_json: AsJson = False,
) -> None:
    """Copy archived rows into tables of their own, where the API can read them.

    Whole files come back: those that reach into the time given. Twice changes nothing.
    The files stay. `purge-restored` removes the copies.
    """

    async def bring_back(context: ArchiveContext) -> dict[str, Outcome]:
        async with only_run(context.database):
            when, logs = span(since, until), chosen(table)
            return {
                log.name: await Restorer(context, log).restore(when) for log in logs
            }

    outcomes = work(bring_back, dest)
    (show.as_json if as_json else show.show_outcomes)(outcomes)


@app.command()
def query(  # noqa: PLR0913, they are options
    *,
    entity: Annotated[
        str | None, typer.Option(help="A kind of record, as `Product`.")
    ] = None,
    id: Annotated[UUID | None, typer.Option(help="The entity's id.")] = None,
    actor: Annotated[
        str | None, typer.Option(help="Who did it: an id, or an e-mail address.")
    ] = None,
    request: Annotated[str | None, typer.Option(help="A request's id.")] = None,
    since: Since = None,
    until: Before = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 1_000,
    dest: Dest = "",
    as_json: AsJson = False,
) -> None:
    """Find rows, live, restored and archived, newest first: one line of JSON each.

    Files that cannot have any are not opened: their manifests and indexes tell.
    """
    entity_id = str(id) if id else None
    question = SearchQuery(span(since, until), limit, entity, entity_id, actor, request)
    answer = work(lambda context: Search(context, question).ask(), dest)
    (show.as_json if as_json else show.show_answer)(answer)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what is live, archived, restored, sealed, held and unfinished."""
    found = perform(make_status)
    (show.as_json if as_json else show.show_status)(found)


@app.command("purge-restored")
def purge(
    table: Tables = None,
    batch_size: BatchSize = BATCH,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Delete the copies that `restore` has made. The files keep theirs."""
    confirm("Delete all restored copies?", yes)

    async def purge_all(database: Database) -> dict[str, int]:
        async with only_run(database):
            return {
                log.name: await purge_restored(database, log, batch_size)
                for log in chosen(table)
            }

    counts = perform(purge_all)
    (show.as_json if as_json else show.show_purged)(counts)


@app.command("export-seal")
def export_seal() -> None:
    """Print the newest seal as one line, to be kept where nobody can change it.

    A file of such lines is what `verify --seals` compares with.
    """
    if line := perform(newest_seal):
        print(line.decode())


if __name__ == "__main__":
    app()
