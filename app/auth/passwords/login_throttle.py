"""Login throttle: rate limits on password attempts, shared through the database.

Each attempt is counted before its password is verified, so that concurrent attempts
can't exceed a limit. An attempt beyond a limit waits while others are in flight: a
correct password undoes its count.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from app.auth.exceptions import (
    CredentialsException,
    InvalidLinkException,
    RateLimitedException,
    WrongPasswordException,
)
from app.auth.passwords.attempt_counters import (
    AttemptCounters,
    CounterFullError,
    Reservation,
)
from app.auth.passwords.attempts import Attempt
from app.core.db.database import Database
from app.core.observability.counts import LOGINS_THROTTLED, counts

# In seconds.
LONGEST_WAIT = 5.0  # for attempts in flight; hashing a password takes 0.02
PAUSE, LONGEST_PAUSE = 0.02, 0.2

logger = structlog.get_logger()


@asynccontextmanager
async def throttled(
    database: Database, attempt: Attempt, ip: str
) -> AsyncIterator[Reservation]:
    """Count an attempt, which the body verifies outside of a transaction.

    The body calls `AttemptCounters.succeed` in the transaction that it writes. A wrong
    password is counted as a failure, any other exception as no attempt, also that of a
    server that stops.

    Raises:
        RateLimitedException: a limit is reached.
    """
    reservation = await reserve(database, attempt, ip)
    try:
        yield reservation
    except (CredentialsException, InvalidLinkException, WrongPasswordException):
        async with database.writing() as session:
            await AttemptCounters(session).fail(reservation)
        raise
    except (Exception, asyncio.CancelledError):
        async with database.writing() as session:
            await AttemptCounters(session).release(reservation)
        raise


async def reserve(database: Database, attempt: Attempt, ip: str) -> Reservation:
    deadline, pause = time.monotonic() + LONGEST_WAIT, PAUSE
    while True:
        async with database.reading() as session:
            refusal = await AttemptCounters(session).find_refusal(attempt)
        if refusal is None:
            with suppress(CounterFullError):
                async with database.writing() as session:
                    return await AttemptCounters(session).reserve(attempt)
        elif refusal.is_final or time.monotonic() > deadline:
            logger.warning("login_blocked", ip=ip)
            counts[LOGINS_THROTTLED] += 1
            raise RateLimitedException(refusal.seconds if refusal.is_final else 1)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
