"""Replay of one record's changes, compared with each other and with the row."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from app.audit.consistency import findings
from app.audit.consistency.archived import ArchivedChanges
from app.audit.consistency.redacted import RedactedValues
from app.audit.models import Action

State = dict[str, Any]
# Its sentence, and the time since which an unaudited write may explain it.
Contradiction = tuple[str, datetime | None]
RECORDED = (Action.INSERT, Action.UPDATE, Action.DELETE)


class Replay:
    """The state of a record after the changes so far.

    The state has the columns that a change has named: of those whose changes are
    archived, and of those that a migration has added or removed, nothing is known.
    """

    def __init__(
        self, id: UUID, archived: ArchivedChanges, redacted: RedactedValues
    ) -> None:
        self.id, self.archived, self.redacted = id, archived, redacted
        self.version: int | None = None
        self.at: datetime | None = None
        self.exists = False
        self.state: State = {}
        self.times: dict[str, datetime] = {}  # when a change last had the column

    def apply(self, change: Any) -> Iterator[Contradiction]:
        """Apply the next change; yield what contradicts the state before."""
        old, new = as_object(change.old), as_object(change.new)
        for problem in self.check_change(change):
            yield problem, self.at
        yield from self.check_old(old)
        self.exists = change.action != Action.DELETE
        if change.action == Action.UPDATE:
            self.state |= old | new
        else:
            self.state = new if self.exists else old
        self.version, self.at = change.version, change.at
        self.times |= dict.fromkeys((*old, *new, "version"), change.at)
        self.state["version"] = change.version

    def check_change(self, change: Any) -> Iterator[str]:
        if self.version is None:
            yield from self.check_first(change)
        else:
            yield from self.check_next(change, self.version)
        if change.action not in RECORDED:
            yield findings.unknown_action(change.action)

    def check_first(self, change: Any) -> Iterator[str]:
        if change.version > 1 and not self.archived.may_begin(self.id):
            missing = findings.missing_versions(1, change.version - 1)
            yield f"{missing}, {findings.NOT_ARCHIVED}"
        if change.version <= 1 and change.action != Action.INSERT:
            yield findings.FIRST_NOT_INSERT

    def check_next(self, change: Any, version: int) -> Iterator[str]:
        if change.version > version + 1:
            yield findings.missing_versions(version + 1, change.version - 1)
        if change.action == Action.INSERT and self.exists:
            yield findings.EXISTED
        if change.action != Action.INSERT and not self.exists:
            yield findings.CHANGED_AFTER_DELETE

    def check_old(self, old: State) -> Iterator[Contradiction]:
        """Yield the columns whose old value is not the one of the change before."""
        if not self.exists or self.version is None:
            return
        for name in old.keys() & self.state.keys() - {"version"}:
            was, is_old = self.state[name], old[name]
            if was != is_old and not self.redacted.may_be_equal(name, was, is_old):
                problem = findings.unlogged_value(name, was, is_old, self.version)
                yield problem, self.times.get(name)

    def finish(self, row: State | None, raw: Any) -> Iterator[Contradiction]:
        """Compare the last state with the row, in the form of the log and as stored."""
        if row is None:
            if self.exists:
                yield findings.NOT_DELETED, self.at
        elif self.version is None:
            if not self.archived.may_begin(self.id):
                yield findings.UNLOGGED, self.at
        elif not self.exists:
            yield findings.DELETED, self.at
        else:
            yield from self.check_row(row, raw)

    def check_row(self, row: State, raw: Any) -> Iterator[Contradiction]:
        for name in row.keys() & self.state.keys():
            stored, logged = row[name], self.state[name]
            if stored == logged:
                continue
            if not self.redacted.matches(name, raw[name], logged):
                problem = findings.wrong_value(name, stored, logged)
                yield problem, self.times.get(name, self.at)


def as_object(snapshot: Any) -> State:
    """Return the columns of `old` or `new`; none where it is not an object."""
    return dict(snapshot) if isinstance(snapshot, dict) else {}
