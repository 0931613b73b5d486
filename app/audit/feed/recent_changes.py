"""Recent changes of the log, in settled order, from which streams take theirs."""

from bisect import bisect_right
from operator import attrgetter

from app.audit.archive.seals.cursor import Position
from app.audit.feed.entries import Entry
from app.audit.settled.queries import BEGINNING

MAX_ENTRIES = 1_000
MAX_SIZE = 4_000_000  # characters; events that were sent take as much again


class RecentChanges:
    """All changes after `floor` up to `complete`, within a limit.

    A stream that is further behind reads the log itself, so nothing is kept for a
    client that does not read.
    """

    def __init__(self) -> None:
        self.clear(BEGINNING)

    def clear(self, position: Position) -> None:
        """Continue from a position."""
        self.entries: list[Entry] = []
        self.size = 0
        self.floor = self.complete = position

    def after(self, position: Position) -> list[Entry]:
        place = bisect_right(self.entries, position, key=attrgetter("position"))
        return self.entries[place:]

    def add(self, added: list[Entry], reached: Position) -> None:
        self.entries += added
        self.size += sum(entry.size for entry in added)
        self.complete = reached
        surplus = 0
        while surplus < len(self.entries) and self.is_full(surplus):
            self.size -= self.entries[surplus].size
            self.floor = self.entries[surplus].position
            surplus += 1
        del self.entries[:surplus]

    def is_full(self, surplus: int) -> bool:
        return len(self.entries) - surplus > MAX_ENTRIES or self.size > MAX_SIZE
