"""Findings of the consistency check, in words for its reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

LONGEST_VALUE = 200  # characters of a value that a sentence quotes


@dataclass(frozen=True)
class Finding:
    """A contradiction between a record and its change log, or within the log.

    `version` is that of the change the problem was found at, or of the record.
    `reason` is that of an unaudited write to the table, which may explain it.
    """

    entity: str
    id: UUID | None
    version: int | None
    problem: str
    reason: str | None = None

    def __str__(self) -> str:
        version = "" if self.version is None else f" version {self.version}"
        note = f" (unaudited write: {quote(self.reason)})" if self.reason else ""
        return f"{self.entity} {self.id or ''}{version}: {self.problem}{note}"


class Note(Finding):
    """Values that could not be compared, which are no difference."""


def quote(value: Any) -> str:
    text = repr(value)
    long = len(text) > LONGEST_VALUE
    return f"{text[:LONGEST_VALUE]}…" if long else text


def unlogged_value(column: str, logged: Any, old: Any, version: int) -> str:
    return (
        f"{column} was {quote(logged)} after version {version}, but {quote(old)} "
        "before this change: it was changed without an entry in the change log"
    )


def wrong_value(column: str, stored: Any, logged: Any) -> str:
    return f"{column} is {quote(stored)}, but {quote(logged)} in the change log"


def underived(columns: Iterable[str]) -> str:
    return (
        f"{', '.join(columns)} is not as computed from the record, so searches and "
        "sorted lists are wrong: run `python scripts/rebuild_search.py`"
    )


def missing_versions(first: int, last: int) -> str:
    if first == last:
        return f"version {first} is missing in the change log"
    return f"versions {first} to {last} are missing in the change log"


def unreadable(error: str) -> str:
    return f"it cannot be read, because a value does not fit its column: {error}"


def unknown_action(action: Any) -> str:
    return f"its action is {quote(action)}, which the application does not record"


def without_key(count: int) -> str:
    return f"{count} entries of the change log have no id or no version"


def without_id(count: int) -> str:
    return f"{count} records have an id that is no UUID as the application writes it"


def uncompared(count: int) -> str:
    return f"not compared: {count} values whose key was destroyed, or is missing"


UNLOGGED = "the record exists, and the change log has no entry for it"
NOT_DELETED = "the record is missing, and the change log has no DELETE for it"
DELETED = "the record exists, although its last change is a DELETE"
EXISTED = "this change is an INSERT, but the record existed"
CHANGED_AFTER_DELETE = "the record was deleted before this change, and not restored"
FIRST_NOT_INSERT = "the first change is not an INSERT"
NOT_ARCHIVED = "and no archive of that time exists"
