"""Signed notes of C2SP signed-note: encoding, parsing and verification."""

from dataclasses import dataclass

from app.audit.archive.tree.encoding import (
    check_name,
    decode_base64,
    encode_base64,
    is_unicode,
)
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import HASH_LENGTH, VerifierKey
from app.audit.archive.tree.signer_keys import SignerKey

PREFIX = "— "
MAX_LENGTH = 1_000_000  # characters
MAX_SIGNATURES = 100


@dataclass(frozen=True)
class NoteSignature:
    name: str
    key_hash: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{PREFIX}{self.name} {encode_base64(self.key_hash + self.signature)}"

    @classmethod
    def parse(cls, line: str) -> "NoteSignature":
        name, _, encoded = line.removeprefix(PREFIX).partition(" ")
        data = decode_base64(encoded)
        if not line.startswith(PREFIX) or len(data) <= HASH_LENGTH:
            raise ProofException("Malformed signature line in a note")
        return cls(check_name(name), data[:HASH_LENGTH], data[HASH_LENGTH:])

    def is_by(self, key: VerifierKey) -> bool:
        return (self.name, self.key_hash) == (key.name, key.hash)


@dataclass(frozen=True)
class Note:
    """A text that ends in a line feed, and signatures that may be invalid."""

    text: str
    signatures: tuple[NoteSignature, ...] = ()

    def __str__(self) -> str:
        lines = (f"{each}\n" for each in self.signatures)
        return f"{self.text}\n{''.join(lines)}"

    @classmethod
    def parse(cls, message: str) -> "Note":
        check_characters(message)
        text, separator, block = message.rpartition("\n\n")
        lines = block.split("\n")
        if not separator or lines.pop() or not 1 <= len(lines) <= MAX_SIGNATURES:
            raise ProofException("A note ends in an empty line and signature lines")
        return cls(text + "\n", tuple(map(NoteSignature.parse, lines)))

    def sign(self, key: SignerKey) -> "Note":
        """Return the note with a signature added."""
        verifier = key.verifier
        return self.add(
            NoteSignature(verifier.name, verifier.hash, key.sign(self.text))
        )

    def add(self, *signatures: NoteSignature) -> "Note":
        """Return the note with signatures added or, of the same key, replaced."""
        by_key = {
            (each.name, each.key_hash): each for each in (*self.signatures, *signatures)
        }
        return Note(self.text, tuple(by_key.values()))

    def verify(self, *keys: VerifierKey) -> dict[VerifierKey, NoteSignature]:
        """Return the signature by each of the keys that signed. Ignore unknown keys.

        Raises:
            ProofException: no signature by a known key, or an invalid one.
        """
        signed = {}
        for key in keys:
            signature = next((s for s in self.signatures if s.is_by(key)), None)
            if signature is None:
                continue
            if not key.verify(self.text, signature.signature):
                raise ProofException(f"Invalid signature by {key}")
            signed[key] = signature
        if not signed:
            raise ProofException("The note is not signed by a known key")
        return signed


def check_characters(message: str) -> None:
    controls = any(each < " " and each != "\n" for each in message)
    if len(message) > MAX_LENGTH or controls or not is_unicode(message):
        raise ProofException("A note is text without control characters, up to 1 MB")
