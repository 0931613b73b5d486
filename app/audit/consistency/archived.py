"""Records that may have changes in cold storage only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.audit.archive.seals.leaves import unpack_leaves
from app.core.clock import to_ticks

TIME_ORDERED = 7  # the version of UUIDs that sort by creation time
REST_OF_ID = 80  # bits of a UUIDv7 after its time
MICROSECONDS = 1_000
SECOND = 1_000_000


@dataclass(frozen=True)
class ArchivedChanges:
    """The newest id of an archived change; None if none was archived.

    A record is older than its first change, and both have an id that sorts by creation
    time. So a record with a later id cannot have archived changes.
    """

    newest_id: UUID | None

    def may_begin(self, id: UUID) -> bool:
        """Return whether the first changes of this record may be archived."""
        if self.newest_id is None:
            return False
        return id.version != TIME_ORDERED or id <= self.newest_id


def newest_archived_id(until: datetime, packed_leaves: Iterable[bytes]) -> UUID:
    """Return the newest id among the leaves up to this time.

    Without seals, return the newest id that this time allows. If leaves are emptied,
    their ids are not known, but none is much later than this time.
    """
    ticks, seals = to_ticks(until), list(packed_leaves)
    leaves = (leaf for packed in seals for leaf in unpack_leaves(packed))
    ids = [leaf.id for leaf in leaves if leaf.at <= ticks]
    if not all(seals):
        ids.append(newest_id_at(ticks + SECOND))
    return max(ids, default=newest_id_at(ticks))


def newest_id_at(ticks: int) -> UUID:
    return UUID(int=((ticks // MICROSECONDS + 1) << REST_OF_ID) - 1)
