"""Keys: one secret, and a key of its own for every purpose (HKDF, RFC 5869)."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from app.core.config import Settings

EXTRACT_SALT = b"app.auth"


def derive(secret: str, purpose: str) -> bytes:
    """Return 32 bytes for this purpose; nobody gets from them to the secret."""
    extracted = hmac.digest(EXTRACT_SALT, secret.encode(), sha256)
    return hmac.digest(extracted, purpose.encode() + b"\x01", sha256)


@dataclass(frozen=True)
class Key:
    """What one secret gives."""

    kid: str
    access: bytes
    refresh: bytes
    throttle: bytes

    @classmethod
    def of(cls, secret: str) -> "Key":
        return cls(
            kid=derive(secret, "key id").hex()[:16],
            access=derive(secret, "access token"),
            refresh=derive(secret, "refresh token"),
            throttle=derive(secret, "throttle"),
        )


@dataclass(frozen=True)
class KeyRing:
    """The key that signs, and those before it, which still verify."""

    current: Key
    old: tuple[Key, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "KeyRing":
        old = (secret.get_secret_value() for secret in settings.SECRET_KEYS_OLD)
        current = Key.of(settings.SECRET_KEY.get_secret_value())
        return cls(current, tuple(map(Key.of, old)))

    @property
    def all(self) -> tuple[Key, ...]:
        return (self.current, *self.old)
