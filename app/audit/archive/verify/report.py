"""Verification reports and the kinds of findings."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Table

from app.audit.archive.proven.faults import SealFault

MAX_LISTED = 1_000  # per kind; `counts` has no limit


class FindingKind(StrEnum):
    MODIFIED = "row_modified"
    MISSING = "row_missing"
    EXTRA = "row_extra"
    SEAL_MISSING = "seal_missing"
    SEAL_CHANGED = "seal_changed"
    SEAL_FORGED = "seal_forged"
    SEAL_REPEATED = "seal_repeated"
    LEAVES_MISSING = "leaves_missing"
    TILE_CHANGED = "tile_changed"
    KEY_CHANGED = "key_changed"
    FILE_MISSING = "file_missing"
    FILE_CHANGED = "file_changed"
    FILE_DAMAGED = "file_damaged"
    FILE_EXTRA = "file_extra"
    MANIFEST_MISSING = "manifest_missing"
    MANIFEST_CHANGED = "manifest_changed"
    MANIFEST_FORGED = "manifest_forged"
    IDENTITY_MISSING = "identity_missing"
    IDENTITY_CHANGED = "identity_changed"
    SCHEMA_CHANGED = "schema_changed"
    UNREADABLE = "value_unreadable"

    @classmethod
    def of_fault(cls, fault: SealFault) -> "FindingKind":
        return cls.SEAL_FORGED if fault.is_forged else cls.SEAL_CHANGED


@dataclass(frozen=True)
class Finding:
    """`where` is a row's id, a seal's number, a file's path or a table."""

    kind: FindingKind
    where: str
    detail: str


@dataclass(frozen=True)
class Proven:
    """Number of leaves of a log's tree that evidence outside the database proves.

    `of` is the number of all leaves. `source` names the evidence. `at` is when a
    witness has signed them, or else when they were sealed, as the database says.
    """

    size: int = 0
    of: int = 0
    source: str | None = None
    at: datetime | None = None
    is_signed: bool = False


@dataclass
class VerificationReport:
    """Numbers of verified items, and findings.

    `restored` are the copies of `cold` rows that `restore` has made. `unsealed` rows
    are not sealed yet. `late` accesses are older than the numbers of transactions, and
    the next run seals them. `sealed_late` rows were sealed after rows whose time is
    more than five minutes later: a clock was set back, or they were loaded late.
    `adopted` names the files of a database that this one was restored from: their
    checkpoints, and the hashes of their previous manifests, are not compared. `damaged`
    are tables that lack columns, so that their rows cannot be read, and `unreadable`
    are those with a value that cannot be read. `unasked` are the
    logs of which the witness said nothing, and why.
    None of these is a finding.
    """

    live: int = 0
    cold: int = 0
    restored: int = 0
    seals: int = 0
    files: int = 0
    unsealed: int = 0
    oldest_unsealed: datetime | None = None
    late: int = 0
    sealed_late: int = 0
    adopted: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    unasked: dict[str, str] = field(default_factory=dict)
    proven: dict[str, Proven] = field(default_factory=dict)
    counts: Counter[FindingKind] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add_finding(self, kind: FindingKind, where: object, detail: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= MAX_LISTED:
            self.findings.append(Finding(kind, str(where), detail))

    def can_read(self, *tables: Table) -> bool:
        return not {table.name for table in tables} & {*self.damaged}

    def add_unsealed(self, at: datetime) -> None:
        self.unsealed += 1
        self.oldest_unsealed = min(at, self.oldest_unsealed or at)

    def merge_moved_rows(self) -> None:
        """Report a row with a changed time as modified, not as missing and extra."""
        missing = {
            each.where for each in self.findings if each.kind is FindingKind.MISSING
        }
        extra = {each.where for each in self.findings if each.kind is FindingKind.EXTRA}
        moved = missing & extra
        self.findings = [each for each in self.findings if each.where not in moved]
        self.counts.subtract(
            {FindingKind.MISSING: len(moved), FindingKind.EXTRA: len(moved)}
        )
        for where in sorted(moved):
            self.add_finding(FindingKind.MODIFIED, where, "its time was changed")
        self.counts = +self.counts
