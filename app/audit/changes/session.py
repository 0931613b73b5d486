"""Session that collects the changes of each flush and records them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import (
    InstanceState,
    Session,
    SessionTransaction,
    UOWTransaction,
    object_session,
)

from app.audit.changes.change_clock import ChangeClock
from app.audit.changes.change_row import RowChange, change_row
from app.audit.changes.guard import UnauditedWriteError, flushing
from app.audit.changes.snapshots import Values
from app.core.clock import now
from app.core.models import Entity, last_version

# Keys of `Session.info`.
REDACTION_KEY = "redaction key"
READ_ONLY = "read-only"


class AuditedSession(Session):
    """Session that inserts an `audit_change` row for each row that a flush changes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.changes: list[RowChange] = []
        self.old_rows: dict[InstanceState[Any], Values] = {}
        # Rows that were read before it changed may be stale.
        self.epoch = object()
        self.clock = ChangeClock()
        self.opened = now()

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        try:
            with flushing(True):
                super().flush(objects)
        finally:
            self.changes.clear()
            self.old_rows.clear()

    # They write as the unit of work does, but without the events that record it.

    def bulk_save_objects(self, *args: Any, **options: Any) -> None:
        with flushing(False):
            super().bulk_save_objects(*args, **options)

    def bulk_insert_mappings(self, *args: Any, **options: Any) -> None:
        with flushing(False):
            super().bulk_insert_mappings(*args, **options)

    def bulk_update_mappings(self, *args: Any, **options: Any) -> None:
        with flushing(False):
            super().bulk_update_mappings(*args, **options)

    def record_changes(self, changes: list[RowChange]) -> None:
        if not changes:
            return
        key = self.info[REDACTION_KEY]
        rows = [change_row(change, key) for change in changes]
        try:
            self.clock.insert(self.connection(), changes, rows)
        except IntegrityError as error:
            # Not a conflict between clients: an unrecorded write reused a version.
            raise UnauditedWriteError(
                "The change log already has an entry for this version of the record"
            ) from error

    def stamp(self, at: datetime) -> None:
        """Move times that were set in this session forward to the change time.

        With these times, a record exists `as_of` its own `created_at`, and is in its
        present state `as_of` its own `updated_at`.
        """
        created = () if last_version.get() else ("created_at",)  # restored: it stays
        for entity in entities_in(self.new):
            self.move(entity, (*created, "updated_at"), at)
        for entity in entities_in(self.dirty):
            if "updated_at" in inspect(entity).committed_state:
                self.move(entity, ("updated_at",), at)

    def move(self, entity: Entity, names: tuple[str, ...], at: datetime) -> None:
        for name in names:
            if self.opened <= getattr(entity, name) < at:
                setattr(entity, name, at)


def entities_in(objects: Iterable[Any]) -> Iterator[Entity]:
    return (each for each in objects if isinstance(each, Entity))


def set_change_time(session: AuditedSession, *_: Any) -> None:
    session.stamp(session.clock.start(session.connection()))


def clear_change_time(session: AuditedSession, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.clock.clear()
        session.epoch = object()


def forget_rows(session: AuditedSession, _: Any) -> None:
    """Read rows and versions again: the rollback of a savepoint released locks."""
    session.clock.recorded.clear()
    session.epoch = object()


def record_flush(session: AuditedSession, _: UOWTransaction) -> None:
    session.record_changes(session.changes)


def session_of(entity: Entity) -> AuditedSession:
    return require_audited(object_session(entity))


def require_audited(session: Session | None) -> AuditedSession:
    if not isinstance(session, AuditedSession):
        raise UnauditedWriteError("Entities can only be written by an AuditedSession")
    return session


# `before_flush` is emitted only if a flush writes. A time set at the first query would
# precede the wait for row locks.
event.listen(AuditedSession, "before_flush", set_change_time)
event.listen(AuditedSession, "after_flush", record_flush)
event.listen(AuditedSession, "after_transaction_end", clear_change_time)
event.listen(AuditedSession, "after_soft_rollback", forget_rows)
