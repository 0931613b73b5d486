"""Seals that are copies of earlier ones."""

from hashlib import sha256

from app.audit.archive.checkpoints.models import AuditSeal


class SealCopies:
    """Numbers of the first seals, by their place in the tree, and leaves.

    And by the text of their note, whose signatures may differ: witnesses sign, too.
    """

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}

    def find_first(self, seal: AuditSeal) -> int:
        """Return the number of the first such seal. Call this in the seals' order.

        A copy without leaves is one, too.
        """
        first = self.numbers.setdefault(hash_run(seal, seal.leaves), seal.number)
        self.numbers.setdefault(hash_run(seal, b""), seal.number)
        return first


def hash_run(seal: AuditSeal, leaves: bytes) -> bytes:
    text, *_ = (seal.note or "").partition("\n\n")
    place = f"{seal.start} {seal.size}\n{text}".encode()
    return sha256(place + leaves).digest()
