"""Verification that each recorded key was named by the one before it."""

from itertools import pairwise

from app.audit.archive.checkpoints.models import AuditKey
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.rotation import open_rotation
from app.audit.archive.verify.report import FindingKind, VerificationReport


def verify_keys(keys: list[AuditKey], report: VerificationReport) -> None:
    """Verify the keys of one log, oldest first."""
    for old, new in pairwise(keys):
        if error := find_rotation_error(old, new):
            where = f"{new.log} key {new.number}"
            report.add_finding(FindingKind.KEY_CHANGED, where, error)


def find_rotation_error(old: AuditKey, new: AuditKey) -> str | None:
    if new.rotation is None:
        return "the key before it has not signed it"
    try:
        named = open_rotation(new.rotation, VerifierKey.parse(old.key))
    except ProofException as error:
        return str(error)
    return None if str(named) == new.key else "the key before it names another"
