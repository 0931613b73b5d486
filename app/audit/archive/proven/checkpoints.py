"""Comparison of the checkpoint of a seal with what was signed.

`verify` compares every seal; runs, adoptions and queries those that they rely on.
"""

from uuid import UUID

from app.audit.archive.checkpoints.growth import frontier_of, hash_checkpoint
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import Log
from app.audit.archive.proven.faults import SealFault
from app.audit.archive.proven.runs import SealedRun, is_whole
from app.audit.archive.tree.checkpoints import Checkpoint, open_checkpoint
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.signer_keys import SignerKey
from app.audit.archive.tree.signing_keys import log_name


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
        if not is_whole(run.before):
            return SealFault("the tree before it is damaged")
        if run.error:
            return SealFault(run.error)
        return self.find_note_fault(run.seal)

    def find_note_fault(self, seal: AuditSeal) -> SealFault | None:
        """Return why the checkpoint is not the one that was signed, or None."""
        frontier = frontier_of(seal)
        head = frontier.head
        if not is_whole(frontier):
            return SealFault("the edge of the tree is damaged")
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
