"""The records of one writing session: one object for each row, in no ORM session."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.exc import StaleDataError

from app.core.db.driver.compiled import Row
from app.core.db.records.identity import by_id, is_new, key_of
from app.core.db.records.listener import FlushListener
from app.core.db.records.loading import make_instance
from app.core.db.records.plain import Model


class Mark(NamedTuple):
    """State of the records when a savepoint was set."""

    held: dict[Any, Any]
    written: int


class Records:
    def __init__(self, listener: FlushListener) -> None:
        self.listener = listener
        self.held: dict[Any, Any] = {}  # by identity key
        self.added: list[Any] = []
        self.deleted: list[Any] = []
        # Rows that the transaction has locked, by model and id, until they are used.
        self.locked: dict[tuple[Model, UUID], Row] = {}
        self.written: list[Any] = []  # all that was flushed, in order
        self.marks: list[Mark] = []
        # Whether all rows that will be changed are locked already.
        self.are_locked = False

    def find(self, model: Model, id: UUID) -> Any:
        return self.held.get(key_of(model, id))

    def load_locked(self, model: Model, id: UUID) -> Any:
        """Return the record of a row that was locked ahead, if it was not used yet."""
        row = self.locked.pop((model, id), None)
        return self.load(model, row) if row and not self.find(model, id) else None

    def load(self, model: Model, row: Row) -> Any:
        """Return the record of the row, which is the one that is held already.

        Raises:
            StaleDataError: the row has changed since that one was read.
        """
        held = self.find(model, row["id"])
        record = make_instance(model, row) if held is None else held
        state = instance_state(record)
        if held is None:
            self.hold(record)
            state.manager.dispatch.load(state, None)
        else:
            if held.version != row["version"]:
                raise StaleDataError(f"{model.__name__} is of another version")
            state.dict.update(row)
            state.manager.dispatch.refresh(state, None, row.keys())
        self.listener.loaded(record, row)
        return record

    def hold(self, record: Any) -> None:
        """Keep a record that has a row. An ORM session will find the row by its key."""
        key = instance_state(record).key = key_of(type(record), record.id)
        self.held[key] = record

    def add(self, record: Any) -> bool:
        """Return whether the record is new, and will be inserted here."""
        if not is_new(record):
            return self.holds(record)
        if not any(record is other for other in self.added):
            self.added.append(record)
        return True

    def delete(self, record: Any) -> bool:
        """Return whether the record is held, and will be deleted here."""
        if self.holds(record):
            self.deleted.append(record)
            return True
        return False

    def holds(self, record: Any) -> bool:
        found = self.held.get(instance_state(record).key) is record
        return found and not any(record is other for other in self.deleted)

    def changed(self) -> list[Any]:
        """Return the records of which an attribute was set, as they are written."""
        found = [it for it in self.held.values() if instance_state(it).modified]
        return self.in_order([it for it in found if self.holds(it)])

    def in_order(self, found: list[Any]) -> list[Any]:
        """Return records by id, so that two transactions do not lock each other out.

        If all are locked, as they were loaded: a later one may free a unique value.
        """
        return found if self.are_locked else sorted(found, key=by_id)

    def is_pending(self) -> bool:
        if self.added or self.deleted:
            return True
        return any(instance_state(it).modified for it in self.held.values())

    def flushed(self, changed: list[Any]) -> None:
        """Keep the records as they are now in the database."""
        for record in (*self.added, *changed):
            state = instance_state(record)
            state._commit_all(state.dict)
            self.hold(record)
        self.written += (*self.added, *changed, *self.deleted)
        for record in self.deleted:
            del self.held[instance_state(record).key]
        self.added, self.deleted = [], []

    def mark(self) -> None:
        self.marks.append(Mark({**self.held}, len(self.written)))

    def reset(self) -> None:
        """Forget what was read or written since the last mark: it is rolled back."""
        mark = self.marks[-1]
        changed = {*map(id, self.written[mark.written :])}
        self.held = {
            key: record
            for key, record in mark.held.items()
            if id(record) not in changed and not instance_state(record).modified
        }
        self.added, self.deleted = [], []
        if len(self.marks) == 1:  # the locks are released
            self.locked = {}

    def release(self) -> None:
        """Forget the records: each will be read again."""
        self.held = {}

    def everything(self) -> Iterator[Any]:
        yield from self.held.values()
        yield from self.added

    def clear(self) -> None:
        self.held, self.added, self.deleted, self.written = {}, [], [], []
        self.marks, self.locked, self.are_locked = [], {}, False
