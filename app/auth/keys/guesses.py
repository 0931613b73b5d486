"""Throttle of unknown keys: guessed, revoked and expired ones.

A valid key is never refused, so that strangers behind one address can't lock out its
programs: keys can't be guessed. The limit bounds what strangers write and log.
"""

from datetime import timedelta

import structlog

from app.auth.client import Client
from app.auth.exceptions import RateLimitedException
from app.auth.passwords.attempt_counters import AttemptCounters, CounterFullError
from app.auth.passwords.attempts import Attempt, Limit
from app.core.db.database import Database

KEY_LIMIT = Limit("key", 100, timedelta(hours=1))

logger = structlog.get_logger()


async def count_guess(database: Database, hmac_key: bytes, client: Client) -> None:
    """Count an unknown key of this client, unless its address can't be read.

    Raises:
        RateLimitedException: the client has sent too many.
    """
    logger.warning("key_refused", ip=client.ip)
    if client.network is None:
        return
    attempt = Attempt.of(hmac_key, {KEY_LIMIT: client.network})
    async with database.reading() as session:
        refusal = await AttemptCounters(session).find_refusal(attempt)
    if refusal is not None:
        raise RateLimitedException(refusal.seconds)
    try:
        async with database.writing() as session:
            counters = AttemptCounters(session)
            await counters.fail(await counters.reserve(attempt))
    except CounterFullError:
        raise RateLimitedException(1) from None
