"""Legal holds that were changed by SQL are found; others are not."""

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.audit.archive.context import ArchiveContext
from app.audit.archive.holds import HoldRepository
from app.audit.archive.logs import CHANGES
from app.audit.archive.models import AuditHold
from app.core.clock import now
from app.core.config import Settings
from tests.audit.archive.rows import OLD, AuditLog, make_change
from tests.audit.consistency.test_check import check, tamper
from tests.audit.history.test_history import PEN, make

pytestmark = pytest.mark.slow

PLACED = (
    "INSERT INTO audit_hold (id, entity, reason, placed_at, placed_by) SELECT "
    "'00000000000000000000000000000001', 'Product', 'x', at, 'eve' FROM audit_change "
    "LIMIT 1"
)
RELEASED = "UPDATE audit_hold SET released_at = placed_at, released_by = 'eve'"

RELEASED_EARLY = (
    "UPDATE audit_hold SET released_at = '2000-01-01 00:00:00.000000', "
    "released_by = 'eve' WHERE released_at IS NULL"
)


@pytest.fixture
def log(client: TestClient, settings: Settings, tmp_path: Path) -> AuditLog:
    """A log with a hold that is in force, and one that was released."""
    make(client, "products", PEN)
    log = AuditLog(settings, tmp_path)
    log.run(place_and_release)
    return log


async def place_and_release(context: ArchiveContext) -> None:
    for reason in ("Case 1", "Case 2"):
        hold = AuditHold(entity="Product", reason=reason, placed_by="ann")
        async with context.database.writing() as session:
            await HoldRepository(session).add_hold(hold)
    async with context.database.writing() as session:
        await HoldRepository(session).release_hold(hold.id, "ann")


@pytest.mark.parametrize(
    ("statement", "done"),
    [
        ("DELETE FROM audit_hold WHERE released_at IS NULL", "removed"),
        ("DELETE FROM audit_hold WHERE released_at IS NOT NULL", "removed"),
        (f"{RELEASED} WHERE released_at IS NULL", "released"),
        ("UPDATE audit_hold SET released_at = NULL", "placed again"),
        ("UPDATE audit_hold SET entity = 'Customer'", "changed"),
        ("UPDATE audit_hold SET reason = 'none'", "changed"),
        (PLACED, "placed"),
    ],
)
def test_a_hold_changed_by_sql_is_found(
    log: AuditLog, url: str, statement: str, done: str
) -> None:
    assert check(url).code == 0
    tamper(log.settings, statement)
    found = check(url)
    assert found.code == 1
    assert f"was {done} without an entry in the log" in found.output


def test_a_hold_that_cannot_be_read_hides_no_other(log: AuditLog, url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL stores valid ids only")
    tamper(log.settings, "UPDATE audit_hold SET id = 'x' WHERE released_at IS NULL")
    tamper(log.settings, "UPDATE audit_hold SET reason = 'none'")
    found = check(url)
    assert found.code == 1
    assert "was changed without an entry" in found.output
    assert "was removed without an entry" in found.output


def test_a_release_dated_to_an_archived_time_is_found(log: AuditLog, url: str) -> None:
    log.add(CHANGES, [make_change(OLD, 0, entity="Pencil")])
    log.archive()
    assert check(url).code == 0
    tamper(log.settings, RELEASED_EARLY)
    found = check(url)
    assert (found.code, found.output.count("was released without")) == (1, 1)


def test_a_hold_of_an_archived_time_is_no_finding(log: AuditLog, url: str) -> None:
    log.archive(now() + timedelta(days=1))
    assert b'"entity":"audit_hold"' in b"".join(log.lines(CHANGES))
    assert check(url).code == 0
