"""Verification of the seals of former releases: hashes, links and signatures."""

from collections.abc import Sequence
from itertools import pairwise

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.seals.leaves import LEAF_BYTES, Leaf
from app.audit.archive.seals.old_seal import GENESIS_HASH, seal_hash
from app.audit.archive.seals.signing import Signature, Signer
from app.audit.archive.tree.merkle import merkle_root
from app.audit.archive.verify.report import (
    FindingKind,
    SealFault,
    VerificationReport,
)


class OldSealVerifier:
    def __init__(self, context: ArchiveContext, report: VerificationReport) -> None:
        self.context = context
        self.report = report
        self.number, self.previous = 0, GENESIS_HASH
        self.faulty: set[int] = set()

    def verify(self, seal: AuditSeal, leaves: list[Leaf]) -> None:
        """Verify a seal and its link. Call this in the order of the seals."""
        # A missing seal is reported by its number.
        is_next = seal.number == self.number + 1
        if is_next and seal.previous != self.previous:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, seal.number, "`previous` does not match"
            )
        self.number, self.previous = seal.number, seal.hash
        if fault := find_fault(seal, leaves, self.context.sealer.signer):
            self.faulty.add(seal.number)
            self.report.add_finding(fault.kind, seal.number, fault.detail)


def find_fault(
    seal: AuditSeal, leaves: Sequence[Leaf], signer: Signer
) -> SealFault | None:
    """Return why the leaves do not lead to the signature, or None."""
    if seal_hash(seal) != seal.hash:
        return SealFault(FindingKind.SEAL_CHANGED, "does not match its hash")
    if error := signer.find_error(seal.hash, Signature(seal.kid, seal.signature)):
        return SealFault(FindingKind.SEAL_FORGED, error)
    if error := find_root_error(seal, leaves) or find_leaf_error(seal, leaves):
        return SealFault(FindingKind.SEAL_CHANGED, error)
    return None


def find_root_error(seal: AuditSeal, leaves: Sequence[Leaf]) -> str | None:
    if merkle_root(each.digest for each in leaves) != seal.root:
        return "leaves do not match the root"
    return None


def find_leaf_error(seal: AuditSeal, leaves: Sequence[Leaf]) -> str | None:
    """Return why the leaves are not those that were sealed, or None.

    The root covers the hashes alone, the seal's own columns bound times and ids.
    """
    if len(seal.leaves) != seal.count * LEAF_BYTES:
        return "leaves do not match the count"
    keys = [each.key for each in leaves]
    if any(first >= second for first, second in pairwise(keys)):
        return "leaves are not in ascending order"
    bounds = (seal.first_at, seal.first_id), (seal.last_at, seal.last_id)
    if keys and (keys[0], keys[-1]) != bounds:
        return "leaves exceed the seal's bounds"
    return None
