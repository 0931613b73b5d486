"""Options of the archive commands, and their conversion."""

import sys
from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

import typer

from app.audit.archive.logs import (
    LOGS,
    MAX_KEY,
    MIN_ID,
    MIN_KEY,
    Log,
    LogName,
    LogRange,
)
from app.core.config import settings
from app.core.startup.archive_location import parse_location

KEEP_DAYS = 365
MAX_KEEP_DAYS = 36_500  # a hundred years
MAX_SECONDS = 31_536_000  # a year
FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)  # nothing was logged before
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


def check_positive(value: float | None) -> float | None:
    if value == 0:
        raise typer.BadParameter("must be more than 0")
    return value


def check_day(day: datetime | None) -> datetime | None:
    if day and day.replace(tzinfo=UTC) < FIRST_DAY:
        raise typer.BadParameter(f"must not be before {FIRST_DAY:%Y-%m-%d}")
    return day


def check_text(text: str | None) -> str | None:
    """Reject text that no column can contain, such as bytes that are not UTF-8."""
    if text is not None and not text.isprintable():
        raise typer.BadParameter("must be printable text")
    return text


def check_actor(actor: str | None) -> str | None:
    """Return an id as archived rows spell it, or an e-mail address as it is."""
    if actor is None or "@" in actor:
        return check_text(actor)
    try:
        return str(UUID(actor))
    except ValueError:
        raise typer.BadParameter("must be an id or an e-mail address") from None


KeepDays = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MAX_KEEP_DAYS,
        help=f"Keep this many days in the live tables. Default: {KEEP_DAYS}.",
        show_default=False,
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        callback=check_day,
        help="Archive rows before this day (UTC), instead of --keep-days.",
        show_default=False,
    ),
]
Tables = Annotated[
    list[LogName] | None,
    typer.Option(
        "--table", help="Process only this log. Default: both.", show_default=False
    ),
]
Dest = Annotated[
    str,
    typer.Option(
        help="Folder that exists, or s3://BUCKET/PREFIX. Default: AUDIT_ARCHIVE_DIR.",
        show_default=False,
    ),
]
BatchSize = Annotated[
    int,
    typer.Option(
        min=1,
        max=2_000,
        help="Maximum rows per transaction. Lower values block writers less.",
    ),
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=MAX_SECONDS,
        callback=check_positive,
        help="Stop after this time with exit code 5. The next run continues.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")]
Since = Annotated[
    datetime | None,
    typer.Option(
        formats=FORMATS,
        callback=check_day,
        help="Start of the range (UTC), inclusive.",
        show_default=False,
    ),
]
Before = Annotated[
    datetime | None,
    typer.Option(
        formats=FORMATS,
        callback=check_day,
        help="End of the range (UTC), exclusive.",
        show_default=False,
    ),
]


def selected_logs(tables: list[LogName] | None) -> list[Log]:
    return [LOGS[name] for name in tables or LogName]


def cutoff_time(keep_days: int | None, until: datetime | None) -> datetime:
    """Return the midnight (UTC) before which rows are archived."""
    today = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    if until and keep_days:
        reject_usage("--keep-days and --until exclude each other.")
    if not until:
        return today - timedelta(days=keep_days or KEEP_DAYS)
    before = until.replace(tzinfo=UTC)
    if before > today - timedelta(days=1):
        reject_usage("--until must be before today (UTC): one whole day stays live.")
    return before


def archive_location(dest: str) -> str:
    location = dest or settings.AUDIT_ARCHIVE_DIR
    if not location:
        reject_usage("No archive: give --dest or set AUDIT_ARCHIVE_DIR.")
    try:
        parse_location(location)
    except ValueError as error:
        reject_usage(f"Archive: {error}.")
    return location


def utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None


def parse_range(since: datetime | None, before: datetime | None) -> LogRange:
    start = (since.replace(tzinfo=UTC), MIN_ID) if since else MIN_KEY
    end = LogRange.up_to(before.replace(tzinfo=UTC)).until if before else MAX_KEY
    return LogRange(start, end)


def confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        reject_usage(
            "Confirmation needs a terminal. To delete rows without one, give --yes."
        )
    typer.confirm(question, abort=True)


def reject_usage(message: str) -> None:
    raise typer.BadParameter(message)
