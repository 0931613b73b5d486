"""Verification of the recorded keys: each named by the one before, the last one ours.

A reader may take the newest key from the database, so it must not be anybody's.
"""

from itertools import pairwise

from app.audit.archive.checkpoints.models import AuditKey
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.rotation import open_rotation
from app.audit.archive.verify.report import FindingKind, VerificationReport


def verify_keys(
    keys: list[AuditKey], own: list[VerifierKey], report: VerificationReport
) -> None:
    """Verify the keys of one log, oldest first; `own` are those of the settings."""
    for old, new in pairwise(keys):
        if error := find_rotation_error(old, new):
            where = f"{new.log} key {new.number}"
            report.add_finding(FindingKind.KEY_CHANGED, where, error)
    if keys and keys[-1].key not in map(str, own):
        where = f"{keys[-1].log} key {keys[-1].number}"
        report.add_finding(FindingKind.KEY_CHANGED, where, "not a key of the settings")


def find_rotation_error(old: AuditKey, new: AuditKey) -> str | None:
    if new.rotation is None:
        return "the key before it has not signed it"
    try:
        named = open_rotation(new.rotation, VerifierKey.parse(old.key))
    except ProofException as error:
        return str(error)
    return None if str(named) == new.key else "the key before it names another"
