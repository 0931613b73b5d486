"""Upper bound of the age of a replica's rows."""

from collections import deque
from math import inf

from app.core.db.replica.position import Server

KEPT = 600  # positions, one a second


class Lag:
    """Bound by positions of the primary that this process has read before.

    The replica's own time of its last transaction would not do: without a connection to
    the primary, it has replayed all that it received, and is old nevertheless.
    """

    def __init__(self) -> None:
        self.written: deque[tuple[float, int]] = deque(maxlen=KEPT)
        self.caught_up_at = -inf

    def note(self, at: float, primary: Server, replica: Server) -> None:
        """Note the position that the primary had at `at`, and the replica has since."""
        self.written.append((at, primary.position))
        while self.written and self.written[0][1] <= replica.position:
            self.caught_up_at, _ = self.written.popleft()

    def at(self, now: float) -> float:
        """Return the seconds for which the replica may lack what was written."""
        return now - self.caught_up_at

    def forget(self) -> None:
        """Trust the replica no longer, until it is compared again."""
        self.written.clear()
        self.caught_up_at = -inf
