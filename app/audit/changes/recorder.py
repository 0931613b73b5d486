"""Recorder of the changes of one session: what it writes, in which transaction.

Sessions of the ORM and records have one alike; a session that continues the transaction
of records continues their recorder too.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstanceState
from sqlalchemy.orm.attributes import instance_state

from app.audit.changes.change_clock import ChangeClock
from app.audit.changes.change_row import RowChange, change_row
from app.audit.changes.guard import UnauditedWriteError, flush_recorder, flushing
from app.audit.changes.snapshots import Values, copy_values
from app.audit.personal.writing import encrypt_rows
from app.core.clock import now
from app.core.db.personal.key_urls import key_url
from app.core.db.records.listener import FlushListener
from app.core.db.records.timestamps import changing, stamp, updated_before
from app.core.models import Entity

ROW = "row in this transaction"  # a key of `InstanceState.info`
State = InstanceState[Any]


class ChangeRecorder(FlushListener):
    """Inserts an `audit_change` row for each row that a flush changes."""

    def __init__(self, key: bytes) -> None:
        self.key = key  # for hashing redacted values
        self.changes: list[RowChange] = []
        # What the unit of work is writing, with the old row; None for a new one.
        self.writing: list[tuple[Entity, Values | None]] = []
        self.is_rolled_back = False
        # Rows that were read before it changed may be stale.
        self.epoch = object()
        self.clock = ChangeClock()
        self.opened = now()

    @contextmanager
    def flushing(self) -> Iterator[None]:
        try:
            with flushing(self), changing():
                yield
        finally:
            self.changes.clear()
            self.writing.clear()
            self.is_rolled_back = False

    def before_flush(
        self, connection: Connection, new: Collection[Any], changed: Collection[Any]
    ) -> None:
        """Set the time of the changes.

        A time set at the first query would precede the wait for row locks.
        """
        old = [*entities_in(changed)]
        at = self.clock.start(connection, map(updated_before, old))
        stamp(at, self.opened, entities_in(new), old)

    def after_flush(self, connection: Connection) -> None:
        if self.is_rolled_back:
            raise UnauditedWriteError("A listener has rolled back a part of its flush")
        self.record_changes(connection, self.changes)

    def loaded(self, record: Any, row: Values) -> None:
        self.remember(instance_state(record), copy_values(type(record), row))

    def remember(self, state: State, values: Values) -> None:
        state.info[ROW] = self.epoch, values

    def known(self, state: State) -> Values:
        """Return what this transaction knows of the row; empty if nothing."""
        epoch, values = state.info.get(ROW, (None, {}))
        known: Values = values if epoch is self.epoch else {}
        return known

    def transaction_ended(self) -> None:
        self.clock.clear()
        self.epoch = object()

    def forget_rows(self) -> None:
        """Read rows and versions again: the rollback of a savepoint released locks."""
        self.epoch = object()

    def record_changes(self, connection: Connection, changes: list[RowChange]) -> None:
        if not changes:
            return
        rows = [change_row(change, self.key) for change in changes]
        models = (change.model for change in changes)
        encrypt_rows(key_url(connection.engine.url), [*zip(models, rows, strict=True)])
        try:
            self.clock.insert(connection, changes, rows)
        except IntegrityError as error:
            # Not a conflict between clients: an unrecorded write reused a version.
            raise UnauditedWriteError(
                "The change log already has an entry for this version of the record"
            ) from error


def entities_in(objects: Iterable[Any]) -> Iterator[Entity]:
    return (each for each in objects if isinstance(each, Entity))


def current_recorder() -> ChangeRecorder:
    """Return the recorder of the flush in progress."""
    recorder = flush_recorder()
    if not isinstance(recorder, ChangeRecorder):
        raise UnauditedWriteError("Entities can only be written by an AuditedSession")
    return recorder
