"""Options that the commands of the archiver share, and what they mean."""

import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.audit.archive.logs import BEGINNING, HIGHEST, LOGS, Log, LogName, LogRange
from app.core.config import settings

KEEP_DAYS = 365
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]

KeepDays = Annotated[
    int | None,
    typer.Option(
        min=1,
        help=f"Leave this many days in the live tables. Default: {KEEP_DAYS}.",
        show_default=False,
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Instead of --keep-days: archive what is older than this day (UTC).",
        show_default=False,
    ),
]
Tables = Annotated[
    list[LogName] | None,
    typer.Option("--table", help="Only this log. Default: both.", show_default=False),
]
Dest = Annotated[
    str,
    typer.Option(
        help="The folder of the archive; it must exist. Default: AUDIT_ARCHIVE_DIR.",
        show_default=False,
    ),
]
BatchSize = Annotated[
    int,
    typer.Option(
        min=1, max=2_000, help="Rows in one transaction. Fewer let others write sooner."
    ),
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="Stop after this time, with exit code 5. The next run goes on from there.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: for cron.")]
Since = Annotated[
    datetime | None,
    typer.Option(formats=FORMATS, help="From this time on (UTC).", show_default=False),
]
Before = Annotated[
    datetime | None,
    typer.Option(formats=FORMATS, help="Before this time (UTC).", show_default=False),
]


def chosen(tables: list[LogName] | None) -> list[Log]:
    return [LOGS[name] for name in tables or LogName]


def horizon(keep_days: int | None, until: datetime | None) -> datetime:
    """Return the midnight before which rows are old enough."""
    today = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    if until and keep_days:
        refuse("Give --keep-days or --until, not both.")
    if not until:
        return today - timedelta(days=keep_days or KEEP_DAYS)
    before = until.replace(tzinfo=UTC)
    if before > today - timedelta(days=1):
        refuse("--until must leave at least one whole day.")
    return before


def folder(dest: str) -> Path:
    path = dest or settings.AUDIT_ARCHIVE_DIR
    if not path:
        refuse("Where is the archive? Give --dest, or set AUDIT_ARCHIVE_DIR.")
    return Path(path)


def span(since: datetime | None, before: datetime | None) -> LogRange:
    top = datetime.max.replace(tzinfo=UTC)
    end = LogRange.between(top, before.replace(tzinfo=UTC)).until if before else None
    start = (since.replace(tzinfo=UTC), BEGINNING[1]) if since else BEGINNING
    return LogRange(start, end or (top, HIGHEST))


def confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        refuse("This deletes rows: say --yes where nobody can be asked.")
    typer.confirm(question, abort=True)


def refuse(sentence: str) -> None:
    raise typer.BadParameter(sentence)
