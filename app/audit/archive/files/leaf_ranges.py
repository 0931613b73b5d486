"""Ranges of the leaves of a tree: runs of indexes, and the rest of their tiles."""

from collections.abc import Iterable, Iterator, Sequence

from app.audit.archive.tree.paths import LeafRange
from app.audit.archive.tree.tiles import WIDTH


def join_runs(indexes: Sequence[int]) -> list[LeafRange]:
    """Return the runs of consecutive indexes, in the given order."""
    runs: list[LeafRange] = []
    for index in indexes:
        if runs and runs[-1].end == index:
            runs[-1] = LeafRange(runs[-1].start, index + 1)
        else:
            runs.append(LeafRange(index, index + 1))
    return runs


def find_gaps(runs: Iterable[LeafRange]) -> Iterator[LeafRange]:
    """Yield what the runs leave of the tiles of level 0 that they touch, in order."""
    at = end = 0  # up to which the tiles are complete, and the end of the last tile
    for run in sorted(runs):
        first = run.start - run.start % WIDTH
        if first >= end:
            if at < end:
                yield LeafRange(at, end)
            at = first
        if at < run.start:
            yield LeafRange(at, run.start)
        at = max(at, run.end)
        end = max(end, at + -at % WIDTH)
    if at < end:
        yield LeafRange(at, end)
