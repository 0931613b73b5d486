"""Leaves of one window of a log, compared with the rows that are found."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from app.audit.archive.canonical import RowKey
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.seals.leaves import Leaf


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row of a table or a file; only live rows have a number."""

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


class RowLeaves:
    """The leaf hashes of one row: one, unless seals were changed or made again.

    Those of the first seal count. `again` are later seals that have the row, too.
    """

    __slots__ = ("again", "digests", "is_met_twice", "seal", "unmet")

    def __init__(self, seal: AuditSeal, digest: bytes) -> None:
        self.seal = seal.number, seal.start is None
        self.digests = [digest]
        self.unmet = [digest]
        self.again: list[int] = []
        self.is_met_twice = False

    def add(self, seal: AuditSeal, digest: bytes) -> None:
        """Add a leaf. One that an old seal and the tree both have counts once."""
        number, is_old = self.seal
        # A seal is reported if it has a row twice.
        if seal.number == number and digest not in self.digests:
            self.digests.append(digest)
            self.unmet.append(digest)
        elif seal.number != number and is_old == (seal.start is None):
            self.again.append(seal.number)

    def take(self, digest: bytes) -> Match:
        """Compare a row with the leaves that no row has met, and mark one as met."""
        if digest in self.unmet:
            self.unmet.remove(digest)
            return Match.EQUAL
        self.is_met_twice = True
        if digest in self.digests:
            return Match.DUPLICATE
        del self.unmet[-1:]
        return Match.DIFFERENT


class WindowLeaves:
    """Leaf hashes of a window by row id, each to be met by exactly one row.

    Those of a seal that is not proven count only for rows that have no other leaf.
    """

    def __init__(self, proven: Collection[int]) -> None:
        self.proven = proven
        self.rows: dict[UUID, RowLeaves] = {}
        self.unproven: list[tuple[AuditSeal, Leaf]] = []
        self.count = 0

    def add_leaf(self, seal: AuditSeal, leaf: Leaf) -> None:
        """Add a leaf. Call this in the order of the seals."""
        self.count += 1
        if seal.number not in self.proven:
            self.unproven.append((seal, leaf))
        elif row := self.rows.get(leaf.id):
            row.add(seal, leaf.digest)
        else:
            self.rows[leaf.id] = RowLeaves(seal, leaf.digest)

    def add_unproven(self) -> None:
        """Add the leaves of seals that are not proven, after all others."""
        for seal, leaf in self.unproven:
            row = self.rows.get(leaf.id)
            if row is None:
                self.rows[leaf.id] = RowLeaves(seal, leaf.digest)
            elif row.seal[0] not in self.proven:
                row.add(seal, leaf.digest)
        self.unproven = []

    def take(self, found: StoredRow) -> Match:
        row = self.rows.get(found.id)
        return row.take(found.digest) if row else Match.UNKNOWN

    def has(self, found: StoredRow) -> bool:
        """Return whether a row of this id and content was sealed."""
        row = self.rows.get(found.id)
        return row is not None and found.digest in row.digests

    def has_seen(self, found: StoredRow) -> bool:
        """Return whether a row that is equal to this one has met its leaf."""
        return self.has(found) and found.digest not in self.rows[found.id].unmet

    def unseen_ids(self) -> Iterator[UUID]:
        yield from (id for id, row in self.rows.items() for _ in row.unmet)

    def count_again(self) -> Counter[int]:
        """Return how many rows each seal has that were sealed before."""
        rows = (row for row in self.rows.values() if not row.is_met_twice)
        return Counter(number for row in rows for number in row.again)
