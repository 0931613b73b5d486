"""Refresh tokens, opaque to clients: `rt1.<secret>.<generation>.<MAC>`.

The database stores only the hash of the secret, and the MAC needs a key derived from
SECRET_KEY, so neither a database dump nor the key alone is enough to forge a token.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe

from app.auth.tokens.keys import Key, KeyRing

TOKEN_PATTERN = re.compile(r"rt1\.([\w-]{43})\.([1-9]\d{0,8})\.([\w-]{43})", re.ASCII)


@dataclass(frozen=True)
class RefreshToken:
    """A session's secret, and the generation that each rotation increments."""

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


def encode_refresh_token(token: RefreshToken, key: Key) -> str:
    return f"rt1.{token.secret}.{token.gen}.{mac(token, key)}"


def decode_refresh_token(text: str, ring: KeyRing) -> RefreshToken | None:
    """Return the parsed token, or None if it is malformed or no key made its MAC."""
    match = TOKEN_PATTERN.fullmatch(text)
    if match is None:
        return None
    token = RefreshToken(match[1], int(match[2]))
    valid = [hmac.compare_digest(mac(token, key), match[3]) for key in ring.all]
    return token if any(valid) else None


def mac(token: RefreshToken, key: Key) -> str:
    digest = hmac.digest(key.refresh, f"{token.secret}.{token.gen}".encode(), sha256)
    return urlsafe_b64encode(digest).decode().rstrip("=")
