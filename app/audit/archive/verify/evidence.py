"""Comparison of the seals with evidence that is kept outside the database."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from app.audit.archive.files.manifest import Manifest, SealRef
from app.audit.archive.tree.checkpoints import Checkpoint, open_checkpoint
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.notes import Note
from app.audit.archive.verify.report import FindingKind, Proven, VerificationReport
from app.audit.archive.verify.tree import TreeVerifier
from app.core.text import printable

MANIFEST, EXPORTED = "a manifest", "an exported checkpoint"
MAX_NAME = 100  # characters of a line that a finding repeats


class EvidenceVerifier:
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
        self, manifests: Iterable[Manifest], evidence: Iterable[SealRef | str]
    ) -> None:
        """Compare all evidence, and report how far it proves each log."""
        for name, tree in self.trees.items():
            self.report.proven[name] = Proven(of=tree.frontier.size)
        for each in dict.fromkeys(listed(manifests)):
            self.verify_each(each, MANIFEST)
        for each in dict.fromkeys(evidence):
            self.verify_each(each, EXPORTED)

    def verify_each(self, evidence: SealRef | str, source: str) -> None:
        if isinstance(evidence, SealRef):
            self.verify_reference(evidence, source)
        else:
            self.verify_note(evidence, source)

    def verify_reference(self, kept: SealRef, source: str) -> None:
        """Compare the seal that a manifest, or an old export, refers to."""
        found = self.hashes.get(kept.number)
        if kept.number > max(self.hashes, default=0):
            self.report.add_finding(
                FindingKind.SEAL_MISSING, kept.number, f"only {source} has it"
            )
        elif found is not None and found != kept.hash:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, kept.number, f"{source} has another hash"
            )
        elif found is not None:
            for name, tree in self.trees.items():
                if size := tree.sizes.get(kept.number):
                    self.add_proof(name, size, source)

    def verify_note(self, note: str, source: str, at: datetime | None = None) -> None:
        """Compare a checkpoint; `at` is when a witness signed it."""
        origins = {tree.origin: name for name, tree in self.trees.items()}
        try:
            keys = [key for tree in self.trees.values() for key in tree.keys]
            checkpoint = open_checkpoint(note, *keys)
        except ProofException as error:
            where = printable(note.partition("\n")[0][:MAX_NAME])
            self.report.add_finding(
                FindingKind.SEAL_FORGED, where, f"{source}: {error}"
            )
        else:
            name = origins[checkpoint.origin]
            if self.verify_checkpoint(name, checkpoint, source):
                self.add_proof(name, checkpoint.head.size, source, at)

    def verify_checkpoint(self, name: str, kept: Checkpoint, source: str) -> bool:
        """Return whether the tree had this root, or report it."""
        tree, size = self.trees[name], kept.head.size
        root, _ = tree.checkpoints.get(size, (None, None))
        where = f"{name} at {size}"
        if root is None:
            self.report.add_finding(
                FindingKind.SEAL_MISSING, where, f"only {source} has it"
            )
        elif root != kept.head.root:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, where, f"{source} has another root"
            )
        return root == kept.head.root

    def add_proof(
        self, name: str, size: int, source: str, signed_at: datetime | None = None
    ) -> None:
        tree = self.trees[name]
        if size > self.report.proven[name].size:
            _, sealed_at = tree.checkpoints[size]
            self.report.proven[name] = Proven(
                size=size,
                of=tree.frontier.size,
                source=source,
                at=signed_at or sealed_at,
                is_signed=signed_at is not None,
            )


def sizes_of(evidence: Iterable[SealRef | str]) -> defaultdict[str, set[int]]:
    """Return of which sizes there are checkpoints, by their origin."""
    sizes = defaultdict[str, set[int]](set)
    for note in evidence:
        if isinstance(note, str):
            with suppress(ProofException):
                checkpoint = Checkpoint.parse(Note.parse(note).text)
                sizes[checkpoint.origin].add(checkpoint.head.size)
    return sizes


def listed(manifests: Iterable[Manifest]) -> Iterator[SealRef | str]:
    """Yield the evidence in manifests; notes alone where there are any."""
    for manifest in manifests:
        yield from manifest.checkpoints or (manifest.seal,)
