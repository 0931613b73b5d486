"""Rate limits of signed-in callers."""

from collections.abc import Iterator, MutableMapping
from typing import Any
from uuid import UUID

from app.auth.limits.endings import is_ending
from app.auth.limits.exceptions import QuotaExceededException
from app.auth.limits.middleware import HEADERS, headers_of
from app.auth.limits.policy import Policy, Standing
from app.auth.permissions.principal import Principal
from app.core.config import Settings
from app.core.db.database import Database
from app.core.observability.counts import REQUESTS_LIMITED, counts
from app.core.startup.rates import Rate


class RateLimiter:
    """The limits of users and keys, each of which may be None.

    A request with a key counts for the key and for its owner, so that no user gets
    more by making keys.
    """

    def __init__(self, user: Rate | None, key: Rate | None) -> None:
        self.user = Policy("user", user) if user else None
        self.key = Policy("key", key) if key else None

    @classmethod
    def from_settings(cls, settings: Settings) -> "RateLimiter | None":
        rates = settings.RATE_LIMIT_USER, settings.RATE_LIMIT_KEY
        return cls(*rates) if any(rates) else None

    async def count(
        self, scope: MutableMapping[str, Any], principal: Principal, database: Database
    ) -> None:
        """Count a request once, and set the headers of its response.

        Raises:
            QuotaExceededException: it is over a limit.
        """
        if HEADERS in scope:
            return  # it is done again, after a deadlock
        standings: dict[Policy, Standing] = {}
        for policy, id in self.applying(principal):
            standings[policy] = found = await policy.count(database, id)
            scope[HEADERS] = headers_of(standings)
            if found.is_refused and not is_ending(scope):
                counts[REQUESTS_LIMITED[policy.name]] += 1
                raise QuotaExceededException(policy.name, found.seconds)

    def applying(self, principal: Principal) -> Iterator[tuple[Policy, UUID]]:
        """Yield the key's limit first: what it refuses does not count for the owner."""
        if self.key and principal.key:
            yield self.key, principal.key.id
        if self.user:
            yield self.user, principal.user_id
