"""What verification finds: each kind of fault has its name."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

MOST_SHOWN = 1_000  # of a kind; all are counted


class Kind(StrEnum):
    MODIFIED = "row_modified"
    MISSING = "row_missing"
    EXTRA = "row_extra"
    SEAL_MISSING = "seal_missing"
    SEAL_CHANGED = "seal_changed"
    SEAL_FORGED = "seal_forged"
    FILE_MISSING = "file_missing"
    FILE_CHANGED = "file_changed"
    FILE_DAMAGED = "file_damaged"
    FILE_EXTRA = "file_extra"
    MANIFEST_MISSING = "manifest_missing"
    MANIFEST_CHANGED = "manifest_changed"
    MANIFEST_FORGED = "manifest_forged"


@dataclass(frozen=True)
class Finding:
    """`where` is a row's id, a seal's number or a file's path."""

    kind: Kind
    where: str
    detail: str


@dataclass
class Report:
    """What was looked at, and what was found.

    `unsealed` rows are too new for a seal; `late` accesses came from the spool of a
    process that had died, and the next run seals them. Neither proves anything.
    """

    live: int = 0
    cold: int = 0
    seals: int = 0
    files: int = 0
    unsealed: int = 0
    late: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, kind: Kind, where: object, detail: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= MOST_SHOWN:
            self.findings.append(Finding(kind, str(where), detail))

    def join_moved(self) -> None:
        """Call a row whose time was changed modified, not missing here, extra there."""
        gone = {each.where for each in self.findings if each.kind is Kind.MISSING}
        new = {each.where for each in self.findings if each.kind is Kind.EXTRA}
        moved = gone & new
        self.findings = [each for each in self.findings if each.where not in moved]
        self.counts.subtract({Kind.MISSING: len(moved), Kind.EXTRA: len(moved)})
        for where in sorted(moved):
            self.add(Kind.MODIFIED, where, "its time has changed")
        self.counts = +self.counts
