"""Totals of the commands `run` and `restore`."""

from dataclasses import dataclass, field

from app.audit.archive.files.manifest import Manifest


@dataclass
class RunTotals:
    """Totals over the files that a command has processed, and notes on partitions.

    `damage` has what a run has passed over, as clauses.
    """

    files: int = 0
    rows: int = 0
    bytes: int = 0
    notes: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)

    def add_file(self, manifest: Manifest) -> None:
        self.files += 1
        self.rows += manifest.count
        self.bytes += manifest.file_bytes
