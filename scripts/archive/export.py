"""Command `export`: the logs for other programs, such as a SIEM."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from app.audit.archive.canonical import Row
from app.audit.archive.logs import Log
from app.audit.archive.trace import record_action
from app.audit.export.exporter import ExportPage, LogExporter
from app.audit.export.repository import Span
from app.audit.models import Action
from app.core.db.database import Database
from scripts.archive.cursor_file import CursorFile, is_cursor
from scripts.archive.export_formats import WRITE, Format, entries_of, header_of
from scripts.archive.options import (
    Before,
    Since,
    Tables,
    reject_usage,
    selected_logs,
    utc,
)
from scripts.archive.output_file import opened
from scripts.archive.runner import run_with_database

REASON = "exported"
LOST = "rows in cold storage are not exported, and may be missing: see `query`"


def check_cursor(cursor: str) -> str:
    if cursor and not is_cursor(cursor):
        raise typer.BadParameter("must be a cursor that an export has printed")
    return cursor


def export(  # noqa: PLR0913, they are options
    *,
    kind: Annotated[Format, typer.Option("--format", help="Format of the lines.")],
    table: Tables = None,
    since: Since = None,
    until: Before = None,
    after: Annotated[
        str,
        typer.Option(
            callback=check_cursor,
            help="Go on after this cursor, of the log that --table names.",
        ),
    ] = "",
    cursor_file: Annotated[
        str,
        typer.Option(help="Go on after the cursors in this file, and keep them there."),
    ] = "",
    output: Annotated[
        str, typer.Option(help="Append to this file, instead of standard output.")
    ] = "",
) -> None:
    """Write the rows of the logs, one on a line.

    Rows come in the order in which they were committed, changes first. The cursors are
    written to the file after the rows, and to standard error: an export that is
    interrupted is repeated from the last ones, so rows may come twice, and none is
    missing. Cold storage is not read. The export is recorded in the change log.
    """
    logs = selected_logs(table)
    if len(logs) > 1 and (after or kind is Format.CSV):
        reject_usage("--after and --format csv need one --table: the logs differ.")
    if after and cursor_file:
        reject_usage("--after and --cursor-file exclude each other.")
    if until and (after or cursor_file):
        # Rows come in the order of their commits, not of their times.
        reject_usage("--until leaves out rows that a cursor then passes: use one.")
    if output and kind is Format.CSV:
        reject_usage("--output is for lines of JSON: redirect a CSV, with >.")
    span, cursors = (utc(since), utc(until)), CursorFile(cursor_file)

    async def run(database: Database) -> None:
        given = {logs[0].name.value: after} if after else cursors.read()
        with opened(output) as file:
            await Export(database, kind, span, cursors, given, file.write).run(logs)

    run_with_database(run)


@dataclass
class Export:
    database: Database
    kind: Format
    span: Span
    file: CursorFile
    cursors: dict[str, str]
    write: Callable[[bytes], Any]
    is_recorded: bool = False

    async def run(self, logs: list[Log]) -> None:
        for log in logs:
            count = await self.run_log(log)
            # One that rows were left out before is no place to go on from.
            cursor = "" if self.span[1] else self.cursors.get(log.name, "")
            print(f"{log.name}: {count} rows, cursor {cursor}", file=sys.stderr)

    async def run_log(self, log: Log) -> int:
        exporter = LogExporter(self.database, log, self.span)
        cursor, count = self.cursors.get(log.name, ""), 0
        if has_archived := await exporter.has_archived(cursor):
            print(f"{log.name}: {LOST}", file=sys.stderr)
        if self.kind is Format.CSV and not cursor:
            self.write(header_of(log))
        async for page in exporter.pages(cursor):
            await self.record(log, page.rows)
            self.write_page(log, page)
            count += len(page.rows)
        reached = self.cursors.get(log.name, "")
        # A run may have moved rows meanwhile, before they were read.
        if not has_archived and await exporter.has_archived(cursor, reached):
            print(f"{log.name}: {LOST}", file=sys.stderr)
        return count

    def write_page(self, log: Log, page: ExportPage) -> None:
        self.write(WRITE[self.kind](log, entries_of(log, page.rows)))
        if page.cursor:
            self.cursors[log.name.value] = page.cursor
            self.file.write(self.cursors)

    async def record(self, log: Log, rows: list[Row]) -> None:
        """Record the export before its first row is written.

        Not if all rows are of former exports: each would be followed by another one.
        """
        if self.is_recorded or all(map(is_of_export, rows)):
            return
        times = zip(("since", "until"), self.span, strict=True)
        details: dict[str, Any] = {name: at.isoformat() for name, at in times if at}
        details |= {"format": self.kind.value, "after": dict(self.cursors)}
        async with self.database.writing() as session:
            await record_action(session, log.live.name, REASON, details)
        self.is_recorded = True


def is_of_export(row: Row) -> bool:
    return row.get("action") == Action.UNAUDITED and row["reason"] == REASON
