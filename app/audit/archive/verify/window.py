"""Leaves of one window of a log, compared with the rows that are found."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from app.audit.archive.canonical import RowKey
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.seals.leaves import Leaf


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row of the live table or a file; only live rows have a number."""

    key: RowKey
    digest: bytes
    where: str
    number: int | None = None

    @property
    def id(self) -> UUID:
        return self.key[1]


class Match(Enum):
    """Result of comparing a row with the leaves."""

    EQUAL = auto()
    DIFFERENT = auto()
    DUPLICATE = auto()
    UNKNOWN = auto()


class WindowLeaves:
    """Leaf hashes of a window by row id, each to be met by exactly one row."""

    def __init__(self) -> None:
        self.count = 0
        self.seals: dict[tuple[UUID, bool], int] = {}
        self.repeated: list[UUID] = []
        self.sealed: dict[UUID, list[bytes]] = defaultdict(list)
        self.unseen: dict[UUID, list[bytes]] = defaultdict(list)

    def add_leaf(self, seal: AuditSeal, leaf: Leaf) -> None:
        """Add a leaf. One that an old seal and the tree both have counts once."""
        self.count += 1
        # SealVerifier reports an id that is repeated within a seal.
        place = leaf.id, seal.start is None
        if self.seals.setdefault(place, seal.number) != seal.number:
            self.repeated.append(leaf.id)
        elif (leaf.id, not place[1]) in self.seals and leaf.digest in self.sealed[
            leaf.id
        ]:
            return
        self.sealed[leaf.id].append(leaf.digest)
        self.unseen[leaf.id].append(leaf.digest)

    def take(self, row: StoredRow) -> Match:
        """Compare a row with the leaves that no row has met, and mark one as met."""
        if row.id not in self.sealed:
            return Match.UNKNOWN
        unseen = self.unseen[row.id]
        if row.digest in unseen:
            unseen.remove(row.digest)
            return Match.EQUAL
        if not unseen and row.digest in self.sealed[row.id]:
            return Match.DUPLICATE
        del unseen[-1:]
        return Match.DIFFERENT

    def has_seen(self, row: StoredRow) -> bool:
        """Return whether a row that is equal to this one has met its leaf."""
        equal = row.digest in self.sealed.get(row.id, ())
        return equal and row.digest not in self.unseen[row.id]

    def unseen_ids(self) -> Iterator[UUID]:
        yield from (id for id, digests in self.unseen.items() for _ in digests)
