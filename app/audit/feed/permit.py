"""The permission of a stream, checked at intervals, and soon if it may be gone."""

import time

from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import recheck
from app.core.clock import now
from app.core.db.session import DatabaseSession

PERMISSION = "audit:read"
INTERVAL = 12.0  # seconds between two checks, after which a heartbeat is sent
PAUSE = 1.0  # seconds at least, however often permissions change


class Permit:
    def __init__(self, viewer: Principal) -> None:
        self.viewer = viewer
        self.postpone()

    def postpone(self) -> None:
        self.checked = time.monotonic()
        self.due = self.checked + INTERVAL

    def hasten(self) -> None:
        self.due = min(self.due, self.checked + PAUSE)

    def seconds_until_due(self) -> float:
        return self.due - time.monotonic()

    def seconds_left(self) -> float:
        """Return how long the access token or API key is valid."""
        return self.viewer.valid_until - now().timestamp()

    async def check(self, session: DatabaseSession) -> None:
        """Read the caller's permission again.

        Raises:
            AppException: token, session, key, user or permission is gone.
        """
        self.postpone()  # at first, as it may be hastened meanwhile
        self.viewer = await recheck(session, self.viewer, PERMISSION)
