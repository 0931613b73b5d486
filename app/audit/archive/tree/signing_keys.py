"""The keys that sign checkpoints, from the settings or derived from SECRET_KEY."""

from base64 import b64decode
from dataclasses import dataclass, field
from uuid import UUID

from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.rotation import sign_successor
from app.audit.archive.tree.signer_keys import SignerKey
from app.auth.tokens.keys import derive_key
from app.core.config import Settings

PURPOSE = "audit signing key"


def log_name(archive_id: UUID, log: str) -> str:
    """Return the origin of a log's checkpoints, which is the name of its keys."""
    return f"{archive_id}/{log}"


@dataclass(frozen=True)
class SigningKeys:
    """Seeds: the first one signs, and the others sign only for their successors."""

    seeds: tuple[bytes, ...] = field(repr=False)
    is_derived: bool

    @classmethod
    def from_settings(cls, settings: Settings) -> "SigningKeys":
        own = (settings.AUDIT_SIGNING_KEY, *settings.AUDIT_SIGNING_KEYS_OLD)
        given = [b64decode(key.get_secret_value()) for key in own]
        # Kept when AUDIT_SIGNING_KEY is set: a derived key may have signed before.
        secrets = (settings.SECRET_KEY, *settings.SECRET_KEYS_OLD)
        derived = [derive_key(each.get_secret_value(), PURPOSE) for each in secrets]
        seeds = dict.fromkeys(
            (*given, *derived) if given[0] else (derived[0], *given, *derived)
        )
        return cls(tuple(filter(None, seeds)), not given[0])

    def current(self, name: str) -> SignerKey:
        return SignerKey(name, self.seeds[0])

    def find(self, name: str, key_hash: bytes) -> SignerKey | None:
        keys = (SignerKey(name, seed) for seed in self.seeds)
        return next((key for key in keys if key.verifier.hash == key_hash), None)

    def sign_rotation(self, old: VerifierKey, new: VerifierKey) -> Note:
        """Return the statement of the old key that the new one replaces it.

        Raises:
            ProofException: one of them is not in the settings, or the old one is the
                current key. The database names both, so that a key that was planted
                there, or one that has been replaced, must not be signed.
        """
        signer, successor = (self.find(key.name, key.hash) for key in (old, new))
        if signer in (None, self.current(old.name)) or successor is None:
            raise ProofException(
                f"AUDIT_SIGNING_KEYS_OLD lacks the key that must sign its successor: "
                f"{old}"
            )
        return sign_successor(signer, successor.verifier)
