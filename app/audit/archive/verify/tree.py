"""Verification of a log's tree: each run of leaves, and its checkpoint."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.audit.archive.checkpoints.growth import frontier_of
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import Log
from app.audit.archive.proven.checkpoints import CheckpointVerifier
from app.audit.archive.proven.copies import SealCopies
from app.audit.archive.proven.faults import SealFault
from app.audit.archive.proven.runs import SealedRun
from app.audit.archive.proven.tiles import BuiltTiles
from app.audit.archive.seals.leaves import Leaf
from app.audit.archive.seals.old_seal import encode_seal
from app.audit.archive.tree.frontier import Frontier
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.merkle import leaf_hash
from app.audit.archive.verify.report import FindingKind, VerificationReport


class TreeVerifier:
    """Build the tree again. `checkpoints` has each size with its root and time.

    Among them are the sizes of which evidence is `kept`.

    `faulty` are the numbers of seals whose leaves are not proven. `suspect` are rows
    that were changed together with their leaves, with the numbers of their seals.
    """

    def __init__(
        self,
        context: ArchiveContext,
        log: Log,
        archive: UUID | None,
        report: VerificationReport,
    ) -> None:
        self.context = context
        self.log = log
        self.signed = CheckpointVerifier(context, log, archive)
        self.report = report
        self.kept: Sequence[int] = ()
        self.old_seals: list[bytes] = []
        self.frontier = Frontier()
        self.tiles = BuiltTiles()
        self.is_complete = True
        self.checkpoints: dict[int, tuple[bytes, datetime]] = {}
        self.sizes: dict[int, int] = {}  # by the number of the seal
        self.copies = SealCopies()
        self.faulty: set[int] = set()
        self.suspect: dict[UUID, int] = {}

    @property
    def origin(self) -> str:
        return self.signed.origin

    @property
    def keys(self) -> list[VerifierKey]:
        return self.signed.keys

    def add_old_seal(self, seal: AuditSeal) -> None:
        self.old_seals.append(leaf_hash(encode_seal(seal)))

    def verify_run(self, seal: AuditSeal, leaves: list[Leaf]) -> bool:
        """Append a run to the tree; return whether it is one of these leaves.

        Call this in the seals' order, without copies.
        """
        run = SealedRun(seal, leaves, self.frontier, self.old_seals)
        if fault := self.signed.find_fault(run):
            self.report_fault(run, fault)
        if run.error:
            self.is_complete = False
            self.follow(run)
        else:
            self.frontier = run.growth.frontier
            self.tiles.add(run.growth)
            for size, root in run.roots_within(self.kept).items():
                self.checkpoints[size] = root, seal.sealed_at
        self.add_checkpoint(seal)
        return run.error is None

    def follow_run(self, seal: AuditSeal) -> None:
        """Continue after a run without leaves, whose checkpoint alone is verified."""
        self.is_complete = False
        self.faulty.add(seal.number)
        fault = self.signed.find_note_fault(seal)
        if not self.report_gap(seal) and fault:
            self.add_finding(FindingKind.of_fault(fault), seal, fault.detail)
        stored = frontier_of(seal)
        if stored.size >= self.frontier.size:
            self.frontier = stored
        self.add_checkpoint(seal)

    def is_repeated(self, seal: AuditSeal) -> bool:
        """Report a copy of an earlier seal. Its leaves are those of the other."""
        first = self.copies.find_first(seal)
        if first == seal.number:
            return False
        self.faulty.add(seal.number)
        self.add_finding(FindingKind.SEAL_REPEATED, seal, f"a copy of seal {first}")
        return True

    def add_checkpoint(self, seal: AuditSeal) -> None:
        self.checkpoints[self.frontier.size] = self.frontier.head.root, seal.sealed_at
        self.sizes[seal.number] = self.frontier.size

    def follow(self, run: SealedRun) -> None:
        """Continue where the seal may have left the tree: one error is one finding.

        A seal of leaves that the tree has already does not belong to it.
        """
        stored = frontier_of(run.seal)
        is_signed = not self.signed.find_note_fault(run.seal)
        if is_signed and stored.size >= self.frontier.size:
            self.frontier = stored
        elif run.seal.start == self.frontier.size:
            self.frontier = run.growth.frontier

    def report_fault(self, run: SealedRun, fault: SealFault) -> None:
        self.faulty.add(run.seal.number)
        if not self.report_gap(run.seal):
            kind = FindingKind.of_fault(fault)
            self.add_finding(kind, run.seal, fault.detail + self.find_suspects(run))

    def report_gap(self, seal: AuditSeal) -> bool:
        """Report the leaves that are missing before a seal, if there are any."""
        missing = range(self.frontier.size, seal.start or 0)
        if missing:
            detail = f"leaves {missing.start} to {missing.stop} are missing"
            self.add_finding(FindingKind.SEAL_MISSING, seal, detail)
        return bool(missing)

    def find_suspects(self, run: SealedRun) -> str:
        """Return which leaves were changed, as far as the signed edge shows that."""
        if not run.is_in_place or self.signed.find_note_fault(run.seal):
            return ""
        found = run.suspects()
        if len(found) == 1:
            self.suspect[found[0].id] = run.seal.number
        if not found:
            return ""
        return f": among the {len(found)} from row {found[0].id} to {found[-1].id}"

    def add_finding(self, kind: FindingKind, seal: AuditSeal, detail: str) -> None:
        self.report.add_finding(kind, seal.number, detail)
