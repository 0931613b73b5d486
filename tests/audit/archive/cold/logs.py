"""Logs with seals whose leaves are in archive files only."""

from datetime import datetime, timedelta

import pytest

from app.audit.archive.logs import CHANGES, Log
from tests.audit.archive.rows import OLD, AuditLog, make_changes
from tests.audit.archive.run.past import id_at

SEAL_ROWS = 100
DAYS, EACH = 10, 60


def add_rows(audit_log: AuditLog, each: int = EACH) -> None:
    audit_log.batch_size = 1_000
    rows = make_changes(days=DAYS, each=each)
    audit_log.add(CHANGES, [row | {"id": id_at(row["at"])} for row in rows])


def fill(audit_log: AuditLog, each: int = EACH) -> None:
    """Add 600 changes in six seals."""
    add_rows(audit_log, each)
    seal_hundreds(audit_log)


def seal_hundreds(audit_log: AuditLog) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.audit.archive.seals.batch.MAX_ROWS", SEAL_ROWS)
        audit_log.seal()


def before_day(number: int) -> datetime:
    return OLD + timedelta(days=number)


def archive_days(audit_log: AuditLog, days: int) -> None:
    audit_log.archive(before_day(days))


async def empty_nothing(_: object) -> None:
    """Keep all leaves, as a run that ends before it empties them."""


def emptied(audit_log: AuditLog, log: Log = CHANGES) -> list[int | None]:
    """Return the first leaves of the seals of a log that are emptied."""
    own = [each for each in audit_log.seals() if each.log == log.name]
    return [each.start for each in own if each.is_emptied]
