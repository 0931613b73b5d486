"""Access tokens. Nobody else imports jose.

What python-jose lets through, and what it lets out, was tried: so a token must be
spelled exactly as we spell it, its claims must fit one strict model, and any exception
is a no.
"""

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from functools import lru_cache

from jose import jwk, jwt
from pydantic import BaseModel, ConfigDict

from app.auth.tokens.keys import KeyRing
from app.core.clock import now
from app.core.fields import Count, Id

ALGORITHM = "HS256"
TYPE = "at+jwt"  # RFC 9068
ISSUER = AUDIENCE = "app"
LONGEST = 4096
# 43 characters carry 258 bits, a signature has 256: the last two are zero.
SHAPE = re.compile(r"([\w-]+)\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]", re.ASCII)
REQUIRED = ("iss", "aud", "sub", "jti", "iat", "nbf", "exp")
# Tokens whose signature was found good. The database is asked about each, each time.
REMEMBERED = 4096


class Claims(BaseModel):
    """What an access token says: exactly this, and nothing about the person."""

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
    """This is no access token of ours, or none that is valid now."""


class AccessTokens:
    """Writes and reads access tokens with the keys of a ring."""

    def __init__(self, ring: KeyRing, lifetime: timedelta) -> None:
        self.kid = ring.current.kid
        self.lifetime = int(lifetime.total_seconds())
        self.keys = {
            header_of(key.kid): jwk.construct(key.access, ALGORITHM) for key in ring.all
        }
        self.verify = lru_cache(REMEMBERED)(self._verify)

    def encode(self, claims: Claims) -> str:
        token: str = jwt.encode(
            claims.model_dump(mode="json"),
            self.keys[header_of(self.kid)],
            ALGORITHM,
            {"typ": TYPE, "kid": self.kid},
        )
        return token

    def decode(self, token: str) -> Claims:
        """Return the claims of a token that is valid now; else InvalidTokenError."""
        claims = self.verify(token)
        instant = now().timestamp()
        if not max(claims.nbf, claims.iat) <= instant < claims.exp:
            raise InvalidTokenError
        return claims

    def _verify(self, token: str) -> Claims:
        shape = SHAPE.fullmatch(token) if len(token) <= LONGEST else None
        # The header is compared, not read: no algorithm, key or option comes from it.
        key = self.keys.get(shape[1]) if shape else None
        if key is None:
            raise InvalidTokenError
        try:
            claims = Claims.model_validate(self._decode(token, key))
        except Exception as error:  # jose lets out more than its own
            raise InvalidTokenError from error
        if claims.exp - claims.iat > self.lifetime:
            raise InvalidTokenError
        return claims

    def _decode(self, token: str, key: object) -> dict[str, object]:
        require = {f"require_{name}": True for name in REQUIRED}
        claims: dict[str, object] = jwt.decode(
            token, key, [ALGORITHM], require, audience=AUDIENCE, issuer=ISSUER
        )
        return claims


def header_of(kid: str) -> str:
    """Return the one header that we write with this key, spelled as jose spells it."""
    text = f'{{"alg":"{ALGORITHM}","kid":"{kid}","typ":"{TYPE}"}}'
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")
