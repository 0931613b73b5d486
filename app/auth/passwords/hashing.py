"""Hashing beside the event loop: in threads, few at once, and in no endless queue."""

from functools import cache, partial
from secrets import token_urlsafe

import structlog
from anyio import CapacityLimiter, to_thread
from passlib.context import CryptContext

from app.core.exceptions import UnavailableException

AT_ONCE = 2  # each takes 19 MiB and a core
WAITING = 200

# Is it the password? And a better hash of it, if there is one.
Verdict = tuple[bool, str | None]

logger = structlog.get_logger()

# OWASP's choice for Argon2id: 19 MiB, two passes, one lane.
passwords = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__time_cost=2,
    argon2__parallelism=1,
)


class Hasher:
    """Hashes and verifies passwords. Open no transaction meanwhile: it takes 20 ms."""

    def __init__(self) -> None:
        self.limiter = CapacityLimiter(AT_ONCE)

    async def hash(self, password: str) -> str:
        await self._make_room()
        return await to_thread.run_sync(passwords.hash, password, limiter=self.limiter)

    async def verify(self, password: str, digest: str | None) -> Verdict:
        """Judge a password; without a digest (no such account) it takes as long."""
        await self._make_room()
        check = partial(verify, password, digest or no_digest())
        right, better = await to_thread.run_sync(check, limiter=self.limiter)
        return (right and digest is not None), better

    async def _make_room(self) -> None:
        if self.limiter.statistics().tasks_waiting >= WAITING:
            raise UnavailableException("Too many are signing in")


def verify(password: str, digest: str) -> Verdict:
    try:
        right, better = passwords.verify_and_update(password, digest)
    except (ValueError, TypeError):
        logger.error("password_hash_unreadable")
        return False, None
    return right, better


@cache
def no_digest() -> str:
    """Return the hash of a password that nobody has."""
    digest: str = passwords.hash(token_urlsafe(32))
    return digest
