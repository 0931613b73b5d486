"""Counts of events since the start of this process, for the metrics."""

from collections import Counter

LOGINS_THROTTLED = "logins_throttled"
WRITES_REFUSED = "unaudited_writes_refused"

counts: Counter[str] = Counter()
