"""Access tokens (JWT, HS256). The only module that imports jose.

python-jose is lenient and raises undocumented exceptions, so accept only the exact
header that `encode` writes, validate the claims with a strict model, and treat any
exception as an invalid token.
"""

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from functools import lru_cache

from jose import jwk, jwt
from pydantic import BaseModel, ConfigDict

from app.auth.tokens.keys import KeyRing
from app.core.clock import MAX_SKEW, now
from app.core.fields import Count, Id

ALGORITHM = "HS256"
JWT_TYPE = "at+jwt"  # RFC 9068
ISSUER = AUDIENCE = "app"
MAX_LENGTH = 4096
# 43 base64 characters hold 258 bits, a signature has 256: the last two must be zero.
TOKEN_PATTERN = re.compile(r"([\w-]+)\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]", re.ASCII)
REQUIRED_CLAIMS = ("iss", "aud", "sub", "jti", "iat", "nbf", "exp")
LEEWAY = int(MAX_SKEW.total_seconds())
# Verified tokens to cache. Expiry and revocation are checked on every request.
CACHE_SIZE = 4096


class Claims(BaseModel):
    """Claims of an access token. `sid` is the session, `ver` the `auth_version`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    iss: str = ISSUER
    aud: str = AUDIENCE
    sub: Id
    sid: Id
    jti: Id
    ver: Count
    iat: Count
    nbf: Count
    exp: Count


class InvalidTokenError(Exception):
    """The access token is malformed, forged, expired or not yet valid."""


class AccessTokens:
    """Codec for access tokens: encodes with the current key, decodes with all keys."""

    def __init__(self, ring: KeyRing, lifetime: timedelta) -> None:
        self.kid = ring.current.kid
        self.lifetime = int(lifetime.total_seconds())
        self.keys = {
            encoded_header(key.kid): jwk.construct(key.access, ALGORITHM)
            for key in ring.all
        }
        self.verify = lru_cache(CACHE_SIZE)(self._verify)

    def encode(self, claims: Claims) -> str:
        token: str = jwt.encode(
            claims.model_dump(mode="json"),
            self.keys[encoded_header(self.kid)],
            ALGORITHM,
            {"typ": JWT_TYPE, "kid": self.kid},
        )
        return token

    def decode(self, token: str) -> Claims:
        """Return the claims of a valid token, or raise InvalidTokenError."""
        claims = self.verify(token)
        instant = now().timestamp()
        # Another host may have issued it, whose clock is ahead.
        begin = max(claims.nbf, claims.iat) - LEEWAY
        if not begin <= instant < claims.exp:
            raise InvalidTokenError
        return claims

    def _verify(self, token: str) -> Claims:
        match = TOKEN_PATTERN.fullmatch(token) if len(token) <= MAX_LENGTH else None
        # Compare the header instead of parsing it: it must not choose the algorithm.
        key = self.keys.get(match[1]) if match else None
        if key is None:
            raise InvalidTokenError
        try:
            claims = Claims.model_validate(self._decode(token, key))
        except Exception as error:  # jose raises more than JOSEError
            raise InvalidTokenError from error
        if claims.exp - claims.iat > self.lifetime:
            raise InvalidTokenError
        return claims

    def _decode(self, token: str, key: object) -> dict[str, object]:
        require = {f"require_{name}": True for name in REQUIRED_CLAIMS}
        options = require | {"leeway": LEEWAY}
        claims: dict[str, object] = jwt.decode(
            token, key, [ALGORITHM], options, audience=AUDIENCE, issuer=ISSUER
        )
        return claims


def encoded_header(kid: str) -> str:
    """Return the header segment that jose writes for this key."""
    text = f'{{"alg":"{ALGORITHM}","kid":"{kid}","typ":"{JWT_TYPE}"}}'
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")
