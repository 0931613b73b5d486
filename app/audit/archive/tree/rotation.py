"""Rotation of signing keys: the old key signs a note that names its successor."""

from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.signer_keys import SignerKey

# No checkpoint begins with this line, because an origin has no spaces.
TITLE = "audit key rotation v1"


def sign_successor(old: SignerKey, new: VerifierKey) -> Note:
    if old.name != new.name:
        raise ValueError(f"{old.name} cannot be replaced by {new.name}")
    return Note(f"{TITLE}\n{new}\n").sign(old)


def open_rotation(message: str, old: VerifierKey) -> VerifierKey:
    """Return the successor that the old key names."""
    note = Note.parse(message)
    note.verify(old)
    title, _, key = note.text.removesuffix("\n").partition("\n")
    if title != TITLE:
        raise ProofException("Not a key rotation")
    new = VerifierKey.parse(key)
    if (new.name, new.type) != (old.name, old.type):
        raise ProofException(f"{old.name} cannot be replaced by {new.name}")
    return new
