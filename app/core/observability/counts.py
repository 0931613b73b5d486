"""Counts of events since the start of this process, for the metrics."""

from collections import Counter

LOGINS_THROTTLED = "logins_throttled"
WRITES_REFUSED = "unaudited_writes_refused"
# By the limit that refused them.
REQUESTS_LIMITED = {"user": "user_requests_limited", "key": "key_requests_limited"}

counts: Counter[str] = Counter()
