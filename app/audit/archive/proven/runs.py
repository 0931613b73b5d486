"""Comparison of a run of leaves with the checkpoint that was signed for it.

`verify` compares every seal; runs, adoptions and queries those that they rely on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from app.audit.archive.checkpoints.growth import frontier_of, hash_checkpoint
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import Log
from app.audit.archive.proven.faults import SealFault
from app.audit.archive.proven.old_seals import find_leaf_error
from app.audit.archive.seals.leaves import Leaf
from app.audit.archive.tree.checkpoints import Checkpoint, open_checkpoint
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.frontier import Frontier, Growth, append
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.paths import root_path
from app.audit.archive.tree.signer_keys import SignerKey
from app.audit.archive.tree.signing_keys import log_name


@dataclass(frozen=True)
class SealedRun:
    """A seal with its leaves, and the tree `before` that they were appended to.

    `old_seals` are the leaves of a tree that begins with the seals of former releases.
    """

    seal: AuditSeal
    leaves: Sequence[Leaf]
    before: Frontier
    old_seals: Sequence[bytes] = ()

    @cached_property
    def growth(self) -> Growth:
        if self.seal.start == 0 and not self.seal.count:
            return append(self.before, self.old_seals)
        return append(self.before, [leaf.digest for leaf in self.leaves])

    @property
    def is_in_place(self) -> bool:
        place = self.before.size, self.growth.frontier.size
        return (self.seal.start, self.seal.size) == place

    @cached_property
    def error(self) -> str | None:
        """The reason why the seal's columns contradict each other, or None."""
        frontier = self.growth.frontier
        if not self.is_in_place:
            return "its place in the tree is another"
        if frontier.head.root.hex() != self.seal.root:
            return "leaves do not match the root"
        if frontier_of(self.seal) != frontier:
            return "leaves do not match the edge of the tree"
        return find_leaf_error(self.seal, self.leaves)

    def suspects(self) -> list[Leaf]:
        """Return the leaves below those nodes that are not as they were sealed."""
        nodes = root_path(self.seal.size or 0).nodes()
        hashes = zip(
            frontier_of(self.seal).hashes, self.growth.frontier.hashes, strict=False
        )
        start, found = self.before.size, list[Leaf]()
        for node, (stored, computed) in zip(nodes, hashes, strict=False):
            first, end = node.index << node.level, (node.index + 1) << node.level
            if stored != computed:
                found += self.leaves[max(first - start, 0) : max(end - start, 0)]
        return found


class CheckpointVerifier:
    """Verifier of the signed checkpoints of one log.

    `keys` are those of the settings: recorded ones could be anybody's.
    """

    def __init__(self, context: ArchiveContext, log: Log, archive: UUID | None) -> None:
        self.origin = log_name(archive, log.name) if archive else ""
        seeds = context.sealer.keys.seeds if archive else ()
        self.keys: list[VerifierKey] = [
            SignerKey(self.origin, seed).verifier for seed in seeds
        ]

    def find_fault(self, run: SealedRun) -> SealFault | None:
        """Return why the leaves do not lead to the signed checkpoint, or None."""
        if not run.before.is_complete:
            return SealFault("the tree before it is damaged")
        if run.error:
            return SealFault(run.error)
        return self.find_note_fault(run.seal)

    def find_note_fault(self, seal: AuditSeal) -> SealFault | None:
        """Return why the checkpoint is not the one that was signed, or None."""
        head = frontier_of(seal).head
        expected = Checkpoint(self.origin, head) if self.origin else None
        try:
            signed = open_checkpoint(seal.note or "", *self.keys)
        except ProofException as error:
            return SealFault(str(error), is_forged=True)
        if signed != expected or seal.root != head.root.hex():
            return SealFault("signed for another tree", is_forged=True)
        if seal.hash != hash_checkpoint(signed):
            return SealFault("does not match its hash")
        return None
