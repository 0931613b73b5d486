"""Count of rows that were sealed after rows of a later time."""

from datetime import timedelta

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.seals.leaves import Leaf
from app.core.clock import to_ticks

TOLERANCE = timedelta(minutes=5) // timedelta(microseconds=1)


class LateRows:
    """Compare the rows of each seal with the time that earlier seals have reached."""

    def __init__(self) -> None:
        self.reached: dict[tuple[str, bool], int] = {}

    def count(self, seal: AuditSeal, leaves: list[Leaf]) -> int:
        """Return the number of late rows. Call this in the order of the seals."""
        if not leaves:
            return 0
        # Rows that were sealed before the tree enter it again, from the oldest on.
        place = seal.log, seal.start is None
        before = self.reached.get(place)
        # A row dated ahead does not make the rows after it late.
        last = to_ticks(min(seal.last_at, seal.sealed_at))
        self.reached[place] = last if before is None else max(before, last)
        if before is None:
            return 0
        return sum(leaf.at < before - TOLERANCE for leaf in leaves)
