"""Recheck of the caller's permission at the end of a transaction that had to wait."""

import time
from collections.abc import Iterable

from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import recheck
from app.core.db.session import DatabaseSession

# Seconds, more than a write takes that waits for nothing.
LONGEST_UNCHECKED = 0.02


def recheck_before_commit(
    session: DatabaseSession, actor: Principal, permissions: Iterable[str | None]
) -> None:
    """Have the transaction ask again if much time has passed since the actor was found.

    It may have waited for another writer, a row, a unique value or a connection, or for
    the report of a rate limit. Before it commits, it holds all its locks.
    """

    async def ask_again() -> None:
        if time.monotonic() - actor.found_at > LONGEST_UNCHECKED:
            for permission in permissions:
                await recheck(session, actor, permission)

    session.before_commit = ask_again
