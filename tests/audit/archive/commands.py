"""The archive command, run in a process of its own."""

from tests.audit.archive.rows import KEPT, AuditLog
from tests.processes import forked
from tests.processes.servers import environment

KEEP = ("--until", f"{KEPT:%Y-%m-%d}")


def command(audit_log: AuditLog, *words: str, **values: str) -> forked.Done:
    values = {"AUDIT_ARCHIVE_DIR": audit_log.location} | values
    env = environment(audit_log.settings.DATABASE_URL, **values)
    with audit_log.exchanging():
        return forked.command(("scripts/archive_audit.py", *words), env)
