"""Private Ed25519 keys that sign notes."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.audit.archive.tree.keys import VerifierKey


@dataclass(frozen=True)
class SignerKey:
    """A private key under a name. `seed` has 32 bytes (RFC 8032)."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifierKey(self.name, private.public_key().public_bytes_raw())

    def sign(self, text: str) -> bytes:
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return private.sign(text.encode())
