"""Witnesses: what is kept of the logs outside the database."""

from app.audit.archive.files.manifest import SealRef
from tests.audit.archive.rows import AuditLog

Witness = SealRef | str


def export_witnesses(audit_log: AuditLog) -> list[Witness]:
    """Return the newest signed checkpoint of each log."""
    newest = {each.log: each.note for each in audit_log.seals()}
    return [note for note in newest.values() if note]
