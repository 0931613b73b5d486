"""Comparison of the seals with what is kept outside the database: its witnesses."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from app.audit.archive.files.manifest import Manifest, SealRef
from app.audit.archive.tree.checkpoints import Checkpoint, open_checkpoint
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.verify.report import FindingKind, Proven, VerificationReport
from app.audit.archive.verify.tree import TreeVerifier
from app.core.text import printable

MANIFEST, EXPORTED = "a manifest", "an exported checkpoint"
MAX_NAME = 100  # characters of a line that a finding repeats


class WitnessVerifier:
    def __init__(
        self,
        report: VerificationReport,
        hashes: dict[int, str],
        trees: dict[str, TreeVerifier],
    ) -> None:
        self.report = report
        self.hashes = hashes
        self.trees = trees

    def verify(
        self, manifests: Iterable[Manifest], witnesses: Iterable[SealRef | str]
    ) -> None:
        """Compare all witnesses, and report how far they prove each log."""
        for name, tree in self.trees.items():
            self.report.proven[name] = Proven(of=tree.frontier.size)
        for witness in dict.fromkeys(listed(manifests)):
            self.verify_witness(witness, MANIFEST)
        for witness in dict.fromkeys(witnesses):
            self.verify_witness(witness, EXPORTED)

    def verify_witness(self, witness: SealRef | str, source: str) -> None:
        if isinstance(witness, SealRef):
            self.verify_reference(witness, source)
        else:
            self.verify_note(witness, source)

    def verify_reference(self, witness: SealRef, source: str) -> None:
        """Compare the seal that a manifest, or an old export, refers to."""
        found = self.hashes.get(witness.number)
        if witness.number > max(self.hashes, default=0):
            self.report.add_finding(
                FindingKind.SEAL_MISSING, witness.number, "only a witness has it"
            )
        elif found is not None and found != witness.hash:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, witness.number, "a witness has another hash"
            )
        elif found is not None:
            for name, tree in self.trees.items():
                if size := tree.sizes.get(witness.number):
                    self.add_proof(name, size, source)

    def verify_note(self, note: str, source: str, at: datetime | None = None) -> None:
        """Compare a checkpoint; `at` is when its witness signed it."""
        origins = {tree.origin: name for name, tree in self.trees.items()}
        try:
            keys = [key for tree in self.trees.values() for key in tree.keys]
            checkpoint = open_checkpoint(note, *keys)
        except ProofException as error:
            where = printable(note.partition("\n")[0][:MAX_NAME])
            self.report.add_finding(FindingKind.SEAL_FORGED, where, f"witness: {error}")
        else:
            name = origins[checkpoint.origin]
            if self.verify_checkpoint(name, checkpoint):
                self.add_proof(name, checkpoint.head.size, source, at)

    def verify_checkpoint(self, name: str, witness: Checkpoint) -> bool:
        """Return whether the tree had this root, or report it."""
        tree, size = self.trees[name], witness.head.size
        root, _ = tree.checkpoints.get(size, (None, None))
        where = f"{name} at {size}"
        if root is None:
            self.report.add_finding(
                FindingKind.SEAL_MISSING, where, "only a witness has this checkpoint"
            )
        elif root != witness.head.root:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, where, "a witness has another root"
            )
        return root == witness.head.root

    def add_proof(
        self, name: str, size: int, source: str, signed_at: datetime | None = None
    ) -> None:
        tree = self.trees[name]
        if size > self.report.proven[name].size:
            _, sealed_at = tree.checkpoints[size]
            self.report.proven[name] = Proven(
                size=size,
                of=tree.frontier.size,
                witness=source,
                at=signed_at or sealed_at,
                is_signed=signed_at is not None,
            )


def listed(manifests: Iterable[Manifest]) -> Iterator[SealRef | str]:
    """Yield the witnesses in manifests; notes alone where there are any."""
    for manifest in manifests:
        yield from manifest.checkpoints or (manifest.seal,)
