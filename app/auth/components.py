"""What authentication needs beside the database: made once, from the settings."""

from dataclasses import dataclass
from datetime import timedelta

from app.auth.passwords.hashing import Hasher
from app.auth.tokens.access_tokens import AccessTokens
from app.auth.tokens.keys import KeyRing
from app.core.config import Settings


@dataclass(frozen=True)
class Lifetimes:
    """How long a session lasts unused, at most, and how long a race is forgiven."""

    idle: timedelta
    absolute: timedelta
    grace: timedelta


@dataclass(frozen=True)
class AuthComponents:
    ring: KeyRing
    tokens: AccessTokens
    hasher: Hasher
    lifetimes: Lifetimes
    shortest_password: int

    @classmethod
    def of(cls, settings: Settings) -> "AuthComponents":
        ring = KeyRing.of(settings)
        return cls(
            ring=ring,
            tokens=AccessTokens(ring, timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)),
            hasher=Hasher(),
            lifetimes=Lifetimes(
                idle=timedelta(days=settings.REFRESH_IDLE_DAYS),
                absolute=timedelta(days=settings.REFRESH_ABSOLUTE_DAYS),
                grace=timedelta(seconds=settings.REFRESH_GRACE_SECONDS),
            ),
            shortest_password=settings.PASSWORD_MIN_LENGTH,
        )
