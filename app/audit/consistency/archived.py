"""Records that may have changes in cold storage only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.audit.archive.seals.leaves import unpack_leaves
from app.core.clock import to_ticks
from app.core.db.ids import highest_id

TIME_ORDERED = 7  # the version of UUIDs that sort by creation time


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


def newest_archived_id(
    until: datetime, seals: Iterable[tuple[bytes, datetime]]
) -> UUID:
    """Return the newest id of the time `until`, or among the leaves up to it.

    Ids may be later than the time of their transaction; and earlier, for as long as the
    log continues a time that a clock ahead gave it. `seals` have leaves, and the time
    of sealing: if the leaves are emptied, no id is later than that.
    """
    ids = [id for seal in seals for id in list_ids(to_ticks(until), *seal)]
    return max([highest_id(until), *ids])


def list_ids(until: int, packed: bytes, sealed_at: datetime) -> list[UUID]:
    if not packed:
        return [highest_id(sealed_at)]
    return [leaf.id for leaf in unpack_leaves(packed) if leaf.at <= until]
