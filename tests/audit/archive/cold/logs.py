"""Logs with seals whose leaves are in archive files only."""

from datetime import timedelta

import pytest

from app.audit.archive.logs import CHANGES
from tests.audit.archive.rows import OLD, AuditLog, make_changes
from tests.audit.archive.run.past import id_at

SEAL_ROWS = 100
DAYS, EACH = 10, 60


def fill(audit_log: AuditLog) -> None:
    """Add 600 changes in six seals."""
    rows = make_changes(days=DAYS, each=EACH)
    audit_log.add(CHANGES, [row | {"id": id_at(row["at"])} for row in rows])
    seal(audit_log)


def seal(audit_log: AuditLog) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.audit.archive.seals.batch.MAX_ROWS", SEAL_ROWS)
        audit_log.seal()


def archive_days(audit_log: AuditLog, days: int) -> None:
    audit_log.archive(OLD + timedelta(days=days))


def emptied(audit_log: AuditLog) -> list[int | None]:
    """Return the first leaves of the seals of the changes that are emptied."""
    own = [each for each in audit_log.seals() if each.log == CHANGES.name]
    return [each.start for each in own if each.is_emptied]
