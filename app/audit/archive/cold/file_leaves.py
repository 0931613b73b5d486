"""The leaves of one file, made from its lines again."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from app.audit.archive.cold.pieces import Piece, read_leaves
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.seals.leaves import LEAF_BYTES, pack_leaves
from app.audit.archive.store.store import Store
from app.audit.archive.tree.paths import LeafRange


@dataclass(frozen=True)
class FileLeaves:
    """`runs` in the order of the tree, with the number of each one's first line."""

    packed: bytes
    runs: list[tuple[LeafRange, int]]
    neighbours: dict[int, bytes]

    @classmethod
    def read(cls, store: Store, manifest: Manifest) -> "FileLeaves":
        """Read a file; of a damaged one, the lines before the damage."""
        leaves = read_leaves(store.read_lines(manifest.data_path))
        neighbours = manifest.leaves.read_neighbours() if manifest.leaves else {}
        return cls(pack_leaves(list(leaves)), number_lines(manifest), neighbours)

    @property
    def count(self) -> int:
        return len(self.packed) // LEAF_BYTES

    def slice(self, start: int, end: int) -> Iterator[Piece]:
        """Yield the leaves [start, end) of the tree that are in this file."""
        first = bisect_right(self.runs, start, key=lambda each: each[0].end)
        for run, line in self.runs[first:]:
            if run.start >= end:
                return
            begin, until = max(run.start, start), min(run.end, end)
            place = line + begin - run.start
            last = min(place + until - begin, self.count)
            if place < last:
                yield Piece(begin, self.packed[place * LEAF_BYTES : last * LEAF_BYTES])


def number_lines(manifest: Manifest) -> list[tuple[LeafRange, int]]:
    numbered, line = [], 0
    for run in manifest.leaves.list_runs() if manifest.leaves else []:
        numbered.append((run, line))
        line += run.end - run.start
    return sorted(numbered)
