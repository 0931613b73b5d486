"""Witnesses: what is kept of the seals outside the database."""

from app.audit.archive.files.manifest import SealRef
from tests.audit.archive.rows import AuditLog

Witness = SealRef


def export_witnesses(audit_log: AuditLog) -> list[Witness]:
    """Return the newest seal of each log."""
    newest = {each.log: SealRef(each.number, each.hash) for each in audit_log.seals()}
    return [*newest.values()]
