"""The requests that a process may serve before it reports them to the others."""

import asyncio
from dataclasses import dataclass


@dataclass(slots=True)
class Lease:
    """State of one user or key in one window. `ends` is by the monotonic clock."""

    ends: float = 0.0
    used: int = 0  # by all processes, when last reported
    spent: int = 0  # requests of this process that are not reported yet
    left: int = 0
    is_full: bool = False
    renewal: asyncio.Task[None] | None = None
    renewed: float = 0.0  # when the renewal began

    def begin_window(self) -> None:
        self.used = self.spent = self.left = 0
        self.is_full = False

    def spend(self) -> bool:
        """Count a request, and return whether the lease covers it."""
        if self.is_full or not self.left:
            return False
        self.left -= 1
        self.spent += 1
        return True

    def grant(self, quota: int, size: int, used: int, ends: float) -> None:
        """Begin a lease. `used` has the request that asked for it."""
        self.used, self.ends = used, ends
        self.is_full = used > quota
        self.left = max(0, min(size - 1, quota - used))
