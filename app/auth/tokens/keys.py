"""Key derivation: one key per purpose from one secret (HKDF, RFC 5869)."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from app.core.config import Settings

EXTRACT_SALT = b"app.auth"


def derive_key(secret: str, purpose: str) -> bytes:
    """Return the 32-byte HKDF-SHA256 key of this purpose."""
    extracted = hmac.digest(EXTRACT_SALT, secret.encode(), sha256)
    return hmac.digest(extracted, purpose.encode() + b"\x01", sha256)


@dataclass(frozen=True)
class Key:
    """The keys derived from one secret."""

    kid: str
    access: bytes
    refresh: bytes
    throttle: bytes
    idempotency: bytes

    @classmethod
    def from_secret(cls, secret: str) -> "Key":
        return cls(
            kid=derive_key(secret, "key id").hex()[:16],
            access=derive_key(secret, "access token"),
            refresh=derive_key(secret, "refresh token"),
            throttle=derive_key(secret, "throttle"),
            idempotency=derive_key(secret, "idempotency"),
        )


@dataclass(frozen=True)
class KeyRing:
    """The current key, which signs, and old keys, which still verify."""

    current: Key
    old: tuple[Key, ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> "KeyRing":
        old = (secret.get_secret_value() for secret in settings.SECRET_KEYS_OLD)
        current = Key.from_secret(settings.SECRET_KEY.get_secret_value())
        return cls(current, tuple(map(Key.from_secret, old)))

    @property
    def all(self) -> tuple[Key, ...]:
        return (self.current, *self.old)
