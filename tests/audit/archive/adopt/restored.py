"""A database that was restored from a backup, with the folder of the lost one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from app.audit.archive.logs import ACCESSES, CHANGES
from tests.audit.archive.rows import OLD, AuditLog, make_accesses, make_changes
from tests.databases import Template, make_settings

CHANGE_ROWS, ACCESS_ROWS = make_changes(), make_accesses()
BACKUP_DAY = OLD + timedelta(days=2)


@contextmanager
def backup(audit_log: AuditLog, template: Template) -> Iterator[AuditLog]:
    """Copy the database. The folder, the spool and the seal file stay."""
    with template.copy(audit_log.settings.DATABASE_URL) as url:
        yield audit_log.with_settings(make_settings(url))


def write_until_backup(audit_log: AuditLog) -> None:
    """Write to the middle of the third day, and archive the first two."""
    audit_log.add(CHANGES, CHANGE_ROWS[:15])
    audit_log.add(ACCESSES, ACCESS_ROWS[:10])
    audit_log.archive(BACKUP_DAY)


def write_after_backup(audit_log: AuditLog) -> None:
    """Write the other rows, and archive seven days."""
    audit_log.add(CHANGES, CHANGE_ROWS[15:])
    audit_log.add(ACCESSES, ACCESS_ROWS[10:])
    audit_log.archive()


@contextmanager
def restore_backup(
    audit_log: AuditLog,
    template: Template,
    write: Callable[[AuditLog], None] = write_until_backup,
) -> Iterator[AuditLog]:
    """Yield the restored database; `write` fills the database before the backup."""
    write(audit_log)
    with backup(audit_log, template) as restored:
        write_after_backup(audit_log)
        yield restored


def contents(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
