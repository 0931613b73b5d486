"""Components of authentication: created once per application from the settings."""

from dataclasses import dataclass
from datetime import timedelta

from app.auth.keys.key_uses import KeyUses
from app.auth.limits.limiter import RateLimiter
from app.auth.passwords.hashing import Hasher
from app.auth.tokens.access_tokens import AccessTokens
from app.auth.tokens.keys import KeyRing
from app.core.config import Settings


@dataclass(frozen=True)
class Lifetimes:
    """Session lifetimes: idle, absolute, and the grace period of a refresh token."""

    idle: timedelta
    absolute: timedelta
    grace: timedelta


@dataclass(frozen=True)
class AuthComponents:
    ring: KeyRing
    tokens: AccessTokens
    hasher: Hasher
    lifetimes: Lifetimes
    password_min_length: int
    key_uses: KeyUses
    rate_limits: RateLimiter | None

    @classmethod
    def from_settings(cls, settings: Settings) -> "AuthComponents":
        ring = KeyRing.from_settings(settings)
        return cls(
            ring=ring,
            tokens=AccessTokens(ring, timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)),
            hasher=Hasher(),
            lifetimes=Lifetimes(
                idle=timedelta(days=settings.REFRESH_IDLE_DAYS),
                absolute=timedelta(days=settings.REFRESH_ABSOLUTE_DAYS),
                grace=timedelta(seconds=settings.REFRESH_GRACE_SECONDS),
            ),
            password_min_length=settings.PASSWORD_MIN_LENGTH,
            key_uses=KeyUses(),
            rate_limits=RateLimiter.from_settings(settings),
        )
