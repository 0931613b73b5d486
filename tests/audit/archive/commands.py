"""The archiver as an administrator starts it: a process of its own."""

from tests import forked
from tests.audit.archive.rows import KEPT, Trail
from tests.servers import environment

KEEP = ("--until", f"{KEPT:%Y-%m-%d}")


def command(trail: Trail, *words: str, **values: str) -> forked.Done:
    values = {"AUDIT_ARCHIVE_DIR": str(trail.folder)} | values
    env = environment(trail.settings.DATABASE_URL, **values)
    return forked.command(("scripts/archive_audit.py", *words), env)
