"""Indexes of the rows of a new file in the tree, for its manifest."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from app.audit.archive.files.leaf_ranges import find_gaps, join_runs
from app.audit.archive.files.leaf_runs import LeafRuns
from app.audit.archive.logs import Log
from app.audit.archive.seals.tree_leaves import TreeLeaves
from app.audit.archive.tree.paths import LeafRange
from app.core.db.session import DatabaseSession


class LeafIndexer:
    def __init__(self, session: DatabaseSession, log: Log) -> None:
        self.leaves = TreeLeaves(session, log)

    async def make_runs(
        self, digests: Sequence[bytes], first: datetime, last: datetime
    ) -> LeafRuns | None:
        """Return where the leaves of a file are; None if the tree lacks any of them.

        `first` and `last` are the times of the first and the last row.
        """
        indexes = await self.leaves.find_indexes(digests, first, last)
        if indexes is None:
            return None
        runs = join_runs(indexes)
        try:
            neighbours = [each async for each in self.read_neighbours(runs)]
        except KeyError:
            return None
        return LeafRuns.of(runs, neighbours)

    async def read_neighbours(self, runs: Sequence[LeafRange]) -> AsyncIterator[bytes]:
        """Yield the hashes around the runs, up to the end of the tree."""
        newest = await self.leaves.tree.get_newest()
        size = (newest and newest.size) or 0
        for gap in find_gaps(runs):
            hashes = await self.leaves.read_hashes(*gap)
            for index in range(gap.start, min(gap.end, size)):
                yield hashes[index]
