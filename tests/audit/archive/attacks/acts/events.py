"""Actions of the application itself, with its key: sealing, clocks, installations."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import ACCESSES, CHANGES
from app.core.clock import now
from app.main import open_database
from app.modules.customers.models import Customer
from tests.audit.archive.attacks.acts.target import DAY, NEXT
from tests.audit.archive.rows import OLD, AuditLog, make_access, make_change
from tests.databases import SECRET, make_settings

NEW_SECRET = "new-" + "s" * 40


def seal(audit_log: AuditLog) -> None:
    audit_log.seal()


def change_customer(audit_log: AuditLog) -> None:
    """Change the customer through the unit of work, as a PATCH does."""

    async def run(_: object) -> None:
        async with (
            open_database(audit_log.settings) as database,
            database.writing() as session,
        ):
            customer = (await session.scalars(select(Customer))).one()
            customer.notes = f"{customer.version} changes"

    audit_log.run(run)


def change_and_seal(audit_log: AuditLog) -> None:
    change_customer(audit_log)
    audit_log.seal()


def fail_to_seal(audit_log: AuditLog) -> None:
    """Seal a row, which must end, although it cannot succeed."""
    change_customer(audit_log)
    with pytest.raises(VerificationException, match="triggers and rules on audit_seal"):
        audit_log.seal()
    with pytest.raises(VerificationException):
        audit_log.archive(NEXT)


def write_at(audit_log: AuditLog, shift: timedelta) -> None:
    """Write and seal a row while the clock is wrong, then one while it is right."""
    for number, moved in enumerate((shift, timedelta())):
        audit_log.add(CHANGES, [make_change(now() + moved, 1_000 + number)])
        audit_log.seal()


def set_clock_back(audit_log: AuditLog) -> None:
    write_at(audit_log, timedelta(minutes=-10))


def set_clock_ahead(audit_log: AuditLog) -> None:
    write_at(audit_log, timedelta(hours=2))


def set_clock_ten_years_back(audit_log: AuditLog) -> None:
    write_at(audit_log, -3653 * DAY)


def set_clock_ten_years_ahead(audit_log: AuditLog) -> None:
    write_at(audit_log, 3653 * DAY)


def load_late_access(audit_log: AuditLog) -> None:
    audit_log.add(ACCESSES, [make_access(OLD, 1_000)])
    audit_log.seal()


def rotate_key(audit_log: AuditLog) -> None:
    new = {"SECRET_KEY": NEW_SECRET, "SECRET_KEYS_OLD": SECRET}
    audit_log.settings = make_settings(audit_log.settings.DATABASE_URL, **new)
    audit_log.add(CHANGES, [make_change(now(), 1_000)])
    audit_log.seal()


def lose_key(audit_log: AuditLog) -> None:
    url = audit_log.settings.DATABASE_URL
    audit_log.settings = make_settings(url, SECRET_KEY=NEW_SECRET)


def archive(audit_log: AuditLog) -> None:
    audit_log.archive(NEXT)


def restore(audit_log: AuditLog) -> None:
    audit_log.restore()


def adopt(audit_log: AuditLog) -> None:
    report = audit_log.adopt()
    assert report.contradictions == []


def plant_own_files(audit_log: AuditLog) -> None:
    """Archive into a folder of its own, and copy the files into the other one."""
    own = audit_log.directory.with_name("own")
    own.mkdir()
    plant_files(audit_log, own)


def plant_files_of_copy(audit_log: AuditLog) -> None:
    """Archive into a copy of the folder, and copy the new files into the original."""
    own = audit_log.directory.with_name("own")
    shutil.copytree(audit_log.directory, own)
    plant_files(audit_log, own)


def plant_files(audit_log: AuditLog, own: Path) -> None:
    AuditLog(audit_log.settings, own).archive(NEXT)
    for path in own.glob("changes/**/*.*"):
        target = audit_log.directory / path.relative_to(own)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(path, target)
