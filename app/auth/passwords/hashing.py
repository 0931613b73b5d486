"""Password hashing (Argon2id) in worker threads, with a bounded queue."""

from functools import cache, partial
from secrets import token_urlsafe

import structlog
from anyio import CapacityLimiter, to_thread
from passlib.context import CryptContext

from app.core.exceptions import UnavailableException

MAX_CONCURRENT = 2  # each hash takes 19 MiB and one core
MAX_WAITING = 200

# Whether the password matches, and a new hash if the stored one should be replaced.
VerifyResult = tuple[bool, str | None]

logger = structlog.get_logger()

# OWASP's parameters for Argon2id: 19 MiB, two passes, one lane.
password_context = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__time_cost=2,
    argon2__parallelism=1,
)


class Hasher:
    """Asynchronous password hasher. Each call takes 20 ms: open no transaction."""

    def __init__(self) -> None:
        self.limiter = CapacityLimiter(MAX_CONCURRENT)

    async def hash(self, password: str) -> str:
        await self._require_capacity()
        return await to_thread.run_sync(
            password_context.hash, password, limiter=self.limiter
        )

    async def verify(self, password: str, stored: str | None) -> VerifyResult:
        """Verify a password against a stored hash.

        None stands for an unknown account and takes equally long, so that timing does
        not reveal which accounts exist.
        """
        await self._require_capacity()
        check = partial(verify, password, stored or dummy_hash())
        is_correct, new_hash = await to_thread.run_sync(check, limiter=self.limiter)
        return (is_correct and stored is not None), new_hash

    async def _require_capacity(self) -> None:
        if self.limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise UnavailableException("Too many logins in progress: retry later")


def verify(password: str, stored: str) -> VerifyResult:
    try:
        is_correct, new_hash = password_context.verify_and_update(password, stored)
    except (ValueError, TypeError):
        logger.error("password_hash_unreadable")
        return False, None
    return is_correct, new_hash


@cache
def dummy_hash() -> str:
    """Return the hash of a random password, which no input matches."""
    hashed: str = password_context.hash(token_urlsafe(32))
    return hashed
