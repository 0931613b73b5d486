"""A legal hold that is placed while a transaction deletes what it found to be free."""

import pytest
from sqlalchemy import func, select

from app.audit.archive.logs import CHANGES
from app.audit.archive.repository import LogRepository
from tests.audit.archive.races.meanwhile import Meanwhile
from tests.audit.archive.races.placing import Placing
from tests.audit.archive.rows import PRODUCT, AuditLog

LIVE_ROWS = select(func.count()).where(CHANGES.live.c.entity == PRODUCT)


def test_the_rows_that_are_live_when_a_hold_is_placed_stay(
    audit_log: AuditLog, url: str, meanwhile: Meanwhile
) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    audit_log.fill(days=1)
    placing = Placing(audit_log.settings, PRODUCT, LIVE_ROWS)
    meanwhile.after(LogRepository, "delete_unheld_rows", placing.begin)
    audit_log.archive()
    then, now = placing.result()
    assert then == now > 0
