"""Recheck of the caller's permission at the end of a transaction that had to wait."""

import time
from collections.abc import Iterable

from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import recheck
from app.core.db.session import DatabaseSession

# Seconds, more than a write takes that waits for nothing.
LONGEST_UNCHECKED = 0.02


class Recheck:
    """Check of permissions at the end of a transaction."""

    def __init__(self, session: DatabaseSession, actor: Principal) -> None:
        self.session, self.actor = session, actor
        self.permissions: dict[str, None] = {}

    async def __call__(self) -> None:
        if time.monotonic() - self.actor.found_at > LONGEST_UNCHECKED:
            await recheck(self.session, self.actor, *self.permissions)


def recheck_before_commit(
    session: DatabaseSession, actor: Principal, permissions: Iterable[str] = ()
) -> None:
    """Have the transaction ask again if much time has passed since the actor was found.

    It may have waited for another writer, a row, a unique value or a connection, or for
    the report of a rate limit. Before it commits, it holds all its locks. It asks for
    the permissions of earlier calls, too.
    """
    if not isinstance(session.before_commit, Recheck):
        session.before_commit = Recheck(session, actor)
    session.before_commit.permissions |= dict.fromkeys(permissions)
