"""Unaudited writes, whose log entries have a reason but no values."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

NO_REASON = "without a reason"


@dataclass(frozen=True)
class UnauditedWrites:
    """The unaudited writes to one table: their times, ascending, and reasons."""

    writes: Sequence[tuple[datetime, str]]

    def explain(self, since: datetime | None, until: datetime | None) -> str | None:
        """Return the reason of the first write within the times, or None."""
        if since is None:
            return None
        place = bisect_left(self.writes, (since, ""))
        if place == len(self.writes):
            return None
        at, reason = self.writes[place]
        return (reason or NO_REASON) if until is None or at <= until else None
