"""The archive command, run in a process of its own."""

from tests.audit.archive.rows import KEPT, AuditLog
from tests.processes import forked
from tests.processes.servers import environment

KEEP = ("--until", f"{KEPT:%Y-%m-%d}")


def command(audit_log: AuditLog, *words: str, **values: str) -> forked.Done:
    values = {"AUDIT_ARCHIVE_DIR": str(audit_log.directory)} | values
    env = environment(audit_log.settings.DATABASE_URL, **values)
    return forked.command(("scripts/archive_audit.py", *words), env)
