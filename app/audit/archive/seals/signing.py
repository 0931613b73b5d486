"""Signatures of seals and manifests: HMAC-SHA256 under a key of their own.

The key is derived from SECRET_KEY for this purpose only, so it can be handed to an
auditor without handing over the sessions. Secrets of old go on to verify.
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
        self.keys = {kid_of(key): key for key in keys}
        self.kid = kid_of(keys[0])

    def sign(self, digest: str) -> Signature:
        return Signature(self.kid, mac(self.keys[self.kid], digest))

    def fault(self, digest: str, signature: Signature) -> str | None:
        """Say what is wrong with a signature, or None when nothing is."""
        key = self.keys.get(signature.kid)
        if key is None:
            return f"signed with a key that is not ours ({signature.kid})"
        if not hmac.compare_digest(mac(key, digest), signature.signature):
            return "the signature is not genuine"
        return None


def kid_of(key: bytes) -> str:
    return sha256(key).hexdigest()[:16]


def mac(key: bytes, digest: str) -> str:
    return hmac.digest(key, digest.encode(), sha256).hex()
