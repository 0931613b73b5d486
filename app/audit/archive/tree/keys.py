"""Ed25519 keys of signed notes, spelled as golang.org/x/mod/sumdb/note does.

A key has a name and a type: it signs the text of notes itself, or, as a witness does,
cosignatures of checkpoints (cosignature/v1 of C2SP tlog-cosignature).
"""

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.audit.archive.tree.encoding import check_name, decode_base64, encode_base64
from app.audit.archive.tree.exceptions import ProofException

PUBLIC_LENGTH = 32
HASH_LENGTH = 4  # of a key; identifies it, and is not meant to be collision-resistant
TIME_LENGTH = 8
MAX_TIME = 2**63 - 1


class KeyType(IntEnum):
    NOTE = 1
    COSIGNATURE = 4


@dataclass(frozen=True)
class VerifierKey:
    name: str
    public: bytes
    type: KeyType = KeyType.NOTE

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != PUBLIC_LENGTH:
            raise ProofException("An Ed25519 public key has 32 bytes")

    def __str__(self) -> str:
        encoded = encode_base64(bytes([self.type]) + self.public)
        return f"{self.name}+{self.hash.hex()}+{encoded}"

    @property
    def hash(self) -> bytes:
        data = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return sha256(data).digest()[:HASH_LENGTH]

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        name, _, rest = text.partition("+")
        _, _, encoded = rest.partition("+")
        data = decode_base64(encoded)
        if not data or data[0] not in list(KeyType):
            raise ProofException("Verifier key is malformed or of an unknown type")
        key = cls(name, data[1:], KeyType(data[0]))
        if str(key) != text:
            raise ProofException("The hash in the verifier key does not match it")
        return key

    def verify(self, text: str, signature: bytes) -> bool:
        message = text.encode()
        if self.type is KeyType.COSIGNATURE:
            time, signature = read_time(signature), signature[TIME_LENGTH:]
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
            if time > MAX_TIME:
                return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def read_time(cosignature: bytes) -> int:
    """Return when the witness signed, in seconds since 1970."""
    return int.from_bytes(cosignature[:TIME_LENGTH], "big")
