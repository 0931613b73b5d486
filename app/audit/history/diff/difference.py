"""The difference that the changes of one record make together."""

from typing import Any

from app.audit.history.changes import odd_names
from app.audit.history.columns import present_values
from app.audit.models import Action
from app.audit.shown.documents import values_of
from app.core.db.driver.compiled import Row
from app.core.db.json_text import INVALID_JSON
from app.core.models import Entity

State = dict[str, Any]


class Difference:
    """Sum of the changes of a record, which are added from the newest to the oldest.

    With a change that only a write past the application makes, none is known.
    """

    def __init__(self, model: type[Entity] | None, newest: Row) -> None:
        self.model, self.newest, self.oldest = model, newest, newest
        self.old: State = {}
        self.new: State = {}
        self.unreadable: set[str] = set()

    def add(self, change: Row) -> None:
        self.unreadable |= {*odd_names(change)}
        if self.unreadable:
            return
        self.oldest = change
        self.old |= self.values(change["old"])
        self.new = self.values(change["new"]) | self.new

    def values(self, recorded: Any) -> State:
        values = values_of(recorded)
        if self.model is None or INVALID_JSON in values:
            return values
        return present_values(self.model, values)

    @property
    def from_version(self) -> int | None:
        if self.unreadable:
            return None
        is_first = self.oldest["action"] == Action.INSERT
        return None if is_first else self.oldest["version"] - 1

    @property
    def to_version(self) -> int | None:
        if self.unreadable:
            return None
        is_gone = self.newest["action"] == Action.DELETE
        return None if is_gone else self.newest["version"]

    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Return the values of both times of each column that differs."""
        old = {} if self.from_version is None else self.old
        new = {} if self.to_version is None else self.new
        columns = self.model.__table__.c.keys() if self.model else ()
        names = dict.fromkeys([*columns, *old, *new])
        pairs = {it: (old.get(it), new.get(it)) for it in names if it != "version"}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def exists(self) -> bool:
        """Return whether there was, or may have been, a record at one of the times."""
        versions = self.from_version, self.to_version
        return bool(self.unreadable) or versions != (None, None)
