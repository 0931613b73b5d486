"""The leaves of a log's tree that its files have."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from app.audit.archive.cold.file_leaves import FileLeaves
from app.audit.archive.cold.pieces import Piece
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.store.store import Store
from app.audit.archive.tree.paths import LeafRange

MAX_LEAVES = 200_000  # in memory, 56 bytes each; of more, files are read again


@dataclass
class ArchivedLeaves:
    """Reader of files by the indexes in their manifests; keeps the newest ones read."""

    store: Store
    bounds: dict[str, LeafRange] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    kept: dict[str, FileLeaves] = field(default_factory=dict)

    def add(self, manifest: Manifest) -> None:
        """Add a file; one whose manifest has no indexes is ignored."""
        if manifest.leaves:
            runs = manifest.leaves.list_runs()
            ends = min(run.start for run in runs), max(run.end for run in runs)
            self.bounds[manifest.name] = LeafRange(*ends)
            self.manifests[manifest.name] = manifest

    def list_overlapping(self, start: int, end: int) -> Iterator[Manifest]:
        """Yield the files that may have any of the leaves [start, end)."""
        for name, bounds in self.bounds.items():
            if bounds.start < end and bounds.end > start:
                yield self.manifests[name]

    def covers(self, run: LeafRange) -> bool:
        """Return whether the manifests name files for all leaves of the run."""
        at = run.start
        overlapping = self.list_overlapping(*run)
        runs = (each.leaves.list_runs() for each in overlapping if each.leaves)
        for found in sorted(chain.from_iterable(runs)):
            if found.start <= at:
                at = max(at, found.end)
        return at >= run.end

    def read(self, start: int, end: int) -> list[Piece]:
        """Return the leaves [start, end) that the files have, in order."""
        found: list[Piece] = []
        for manifest in self.list_overlapping(start, end):
            found += self.read_file(manifest).slice(start, end)
        return sorted(found)

    def read_file(self, manifest: Manifest) -> FileLeaves:
        leaves = self.kept.pop(manifest.name, None)
        leaves = leaves or FileLeaves.read(self.store, manifest)
        self.kept[manifest.name] = leaves  # at the end, as the newest
        while sum(each.count for each in self.kept.values()) > MAX_LEAVES:
            if len(self.kept) == 1:
                break
            del self.kept[next(iter(self.kept))]
        return leaves
