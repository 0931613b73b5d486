"""Verification of the seals of former releases: hashes, links and signatures."""

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.proven.old_seals import find_fault
from app.audit.archive.seals.leaves import Leaf
from app.audit.archive.seals.old_seal import GENESIS_HASH
from app.audit.archive.verify.report import FindingKind, VerificationReport


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
            kind = FindingKind.of_fault(fault)
            self.report.add_finding(kind, seal.number, fault.detail)
