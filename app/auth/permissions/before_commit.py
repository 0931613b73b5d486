"""Recheck of the caller's permission at the end of a transaction that had to wait."""

import time
from collections.abc import Iterable

from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import recheck
from app.core.db.session import DatabaseSession

# Seconds, more than a write takes that waits for nothing.
LONGEST_UNCHECKED = 0.02


def recheck_before_commit(
    session: DatabaseSession, actor: Principal, permissions: Iterable[str]
) -> None:
    """Have the transaction ask again if much time has passed since this first check.

    It may have waited for another writer, a row, a unique value or a connection. Before
    it commits, it holds all its locks.
    """
    checked_at = time.monotonic()

    async def ask_again() -> None:
        if time.monotonic() - checked_at > LONGEST_UNCHECKED:
            for permission in permissions:
                await recheck(session, actor, permission)

    session.before_commit = ask_again
