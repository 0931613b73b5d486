"""Checkpoints of C2SP tlog-checkpoint: signed statements of a log's size and root."""

import re
from dataclasses import dataclass

from app.audit.archive.tree.encoding import check_name, decode_base64, encode_base64
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import KeyType, VerifierKey
from app.audit.archive.tree.merkle import HASH_LENGTH, TreeHead
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.signer_keys import SignerKey

SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
MAX_SIZE = 2**63 - 1


@dataclass(frozen=True)
class Checkpoint:
    """`origin` names the log, and is the name of the key that signs for it."""

    origin: str
    head: TreeHead

    def __str__(self) -> str:
        return f"{self.origin}\n{self.head.size}\n{encode_base64(self.head.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Parse the text of a note. Ignore extension lines, as the format requires."""
        lines = text.split("\n")
        if len(lines) < 4 or "" in lines[:-1] or lines[-1]:
            raise ProofException("A checkpoint has three lines: origin, size, root")
        origin, size, root = lines[:3]
        head = TreeHead(parse_size(size), decode_base64(root))
        if len(head.root) != HASH_LENGTH:
            raise ProofException("The root of a checkpoint has 32 bytes")
        return cls(check_name(origin), head)

    def sign(self, key: SignerKey) -> Note:
        if key.name != self.origin:
            raise ValueError(f"{key.name} cannot sign for {self.origin}")
        return Note(str(self)).sign(key)


def parse_size(text: str) -> int:
    if not SIZE.fullmatch(text) or int(text) > MAX_SIZE:
        raise ProofException("Invalid size in a checkpoint")
    return int(text)


def open_checkpoint(message: str, *keys: VerifierKey) -> Checkpoint:
    """Return the checkpoint in a note that its log signed with one of the keys."""
    note = Note.parse(message)
    signers = note.verify(*keys)
    checkpoint = Checkpoint.parse(note.text)
    logs = {key.name for key in signers if key.type is KeyType.NOTE}
    if checkpoint.origin not in logs:
        raise ProofException(f"The checkpoint is not signed by {checkpoint.origin}")
    return checkpoint
