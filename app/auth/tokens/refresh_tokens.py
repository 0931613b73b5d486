"""Refresh tokens: opaque, numbered by generation, and made of what is never stored.

`rt1.<secret>.<generation>.<MAC>`. The database knows the hash of the secret only; the
MAC needs a key that the database does not have. So neither alone makes a token.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe

from app.auth.tokens.keys import Key, KeyRing

SHAPE = re.compile(r"rt1\.([\w-]{43})\.([1-9]\d{0,8})\.([\w-]{43})", re.ASCII)


@dataclass(frozen=True)
class RefreshToken:
    """A family's secret, and how many times it has been rotated."""

    secret: str
    gen: int

    @classmethod
    def new(cls) -> "RefreshToken":
        return cls(token_urlsafe(32), 1)

    @property
    def hash(self) -> str:
        return sha256(self.secret.encode()).hexdigest()

    def successor(self) -> "RefreshToken":
        return RefreshToken(self.secret, self.gen + 1)


def write(token: RefreshToken, key: Key) -> str:
    return f"rt1.{token.secret}.{token.gen}.{mac(token, key)}"


def read(text: str, ring: KeyRing) -> RefreshToken | None:
    """Return the token, or None for what none of our keys has made."""
    shape = SHAPE.fullmatch(text)
    if shape is None:
        return None
    token = RefreshToken(shape[1], int(shape[2]))
    genuine = [hmac.compare_digest(mac(token, key), shape[3]) for key in ring.all]
    return token if any(genuine) else None


def mac(token: RefreshToken, key: Key) -> str:
    digest = hmac.digest(key.refresh, f"{token.secret}.{token.gen}".encode(), sha256)
    return urlsafe_b64encode(digest).decode().rstrip("=")
