"""Cosignatures of witnesses, as C2SP tlog-cosignature says."""

from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import KeyType, VerifierKey, read_time
from app.audit.archive.tree.notes import Note


def cosigned_at(message: str, witness: VerifierKey) -> int:
    """Return when a witness signed the checkpoint, in seconds since 1970.

    Raises:
        ProofException: not a checkpoint, or no valid cosignature by this witness.
    """
    note = Note.parse(message)
    Checkpoint.parse(note.text)
    if witness.type is not KeyType.COSIGNATURE:
        raise ProofException(f"Not the key of a witness: {witness}")
    return read_time(note.verify(witness)[witness].signature)
