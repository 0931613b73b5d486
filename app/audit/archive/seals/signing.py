"""HMAC-SHA256 signatures of seals and manifests.

The key is derived from SECRET_KEY for this purpose alone, so that an auditor can hold
it without access to sessions. Keys derived from SECRET_KEYS_OLD still verify.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from app.auth.tokens.keys import derive_key
from app.core.config import Settings

PURPOSE = "audit seal"


@dataclass(frozen=True)
class Signature:
    kid: str
    signature: str


class Signer:
    def __init__(self, settings: Settings) -> None:
        secrets = (settings.SECRET_KEY, *settings.SECRET_KEYS_OLD)
        keys = [derive_key(each.get_secret_value(), PURPOSE) for each in secrets]
        self.keys = {key_id(key): key for key in keys}
        self.kid = key_id(keys[0])

    def sign(self, digest: str) -> Signature:
        return Signature(self.kid, compute_mac(self.keys[self.kid], digest))

    def find_error(self, digest: str, signature: Signature) -> str | None:
        """Return why the signature is invalid, or None if it is valid."""
        key = self.keys.get(signature.kid)
        if key is None:
            return f"the signing key is unknown: {signature.kid}"
        if not hmac.compare_digest(compute_mac(key, digest), signature.signature):
            return "the signature is invalid"
        return None


def key_id(key: bytes) -> str:
    return sha256(key).hexdigest()[:16]


def compute_mac(key: bytes, digest: str) -> str:
    return hmac.digest(key, digest.encode(), sha256).hex()
