"""One rate limit: the same quota for each user, or for each API key.

A process counts by itself until its lease of a tenth of the quota is spent. Then it
reports, and learns what all processes have used. So most requests cost no statement,
and together they exceed the quota by a lease each at most.
"""

import asyncio
import time
from collections.abc import Callable
from math import ceil
from typing import NamedTuple
from uuid import UUID

import structlog

from app.auth.limits.lease import Lease
from app.auth.limits.repository import report
from app.core.db.database import Database
from app.core.startup.rates import Rate

SHARE = 10  # leases of a quota
# In seconds. Requests are not to wait for a database that is busy with writes.
PATIENCE = 0.5
BUSY = "The database is busy"

logger = structlog.get_logger()


class Standing(NamedTuple):
    """State of a limit for one request, which is refused if nothing was left."""

    is_refused: bool
    remaining: int
    seconds: int  # until the window ends


class Policy:
    def __init__(
        self, name: str, rate: Rate, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name, self.rate, self.clock = name, rate, clock
        self.size = max(1, rate.quota // SHARE)
        self.leases: dict[UUID, Lease] = {}
        self.pruned = clock()

    async def count(self, database: Database, id: UUID) -> Standing:
        """Count a request of this user or key, unless it is refused."""
        lease = self.leases.get(id)
        if lease is None:
            self.prune()
            lease = self.leases[id] = Lease()
        if lease.renewal is None and self.clock() >= lease.ends:
            lease.begin_window()
        is_refused = not (lease.spend() or await self.renew(database, id, lease))
        return Standing(
            is_refused,
            max(0, self.rate.quota - lease.used - lease.spent),
            max(1, ceil(lease.ends - self.clock())),
        )

    async def renew(self, database: Database, id: UUID, lease: Lease) -> bool:
        """Report with this request, or wait for one that does; return if it may go on.

        If the report takes too long, the request goes on: a limit protects the
        service, and must not be what stops it.
        """
        while not lease.is_full:
            if is_mine := lease.renewal is None:
                work = self.report(database, id, lease)
                lease.renewal, lease.renewed = asyncio.create_task(work), self.clock()
            renewal = lease.renewal
            patience = max(0.0, lease.renewed + PATIENCE - self.clock())
            if renewal and not (await asyncio.wait({renewal}, timeout=patience))[0]:
                logger.warning("rate_limit_not_shared", limit=self.name, error=BUSY)
                lease.spent += 0 if is_mine else 1
                return True
            if is_mine or lease.spend():
                return not lease.is_full
        return False

    async def report(self, database: Database, id: UUID, lease: Lease) -> None:
        """Report what was spent and one request more; begin another lease."""
        spent, begun = lease.spent, self.clock()
        subject = f"{self.name} {self.rate.window} {id}"
        try:
            async with database.writing() as session:
                now = await report(session, subject, self.rate.window, spent + 1)
        except Exception as error:
            # Count alone for now: what was spent is reported when it is possible.
            logger.warning("rate_limit_not_shared", limit=self.name, error=repr(error))
            lease.spent, lease.left = lease.spent + 1, self.size - 1
            if lease.ends <= self.clock():  # the window's end is not known
                lease.ends = self.clock() + self.rate.window
        else:
            lease.spent = max(0, lease.spent - spent)
            lease.grant(self.rate.quota, self.size, now.used, begun + now.seconds)
        finally:
            lease.renewal = None

    def prune(self) -> None:
        """Forget those whose window has ended, once in a window."""
        instant = self.clock()
        if instant >= self.pruned + self.rate.window:
            self.pruned = instant
            kept = self.leases.items()
            self.leases = {id: it for id, it in kept if it.ends > instant or it.renewal}
