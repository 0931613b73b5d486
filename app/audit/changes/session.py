"""Session that collects the changes of each flush and records them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import (
    InstanceState,
    Session,
    SessionTransaction,
    UOWTransaction,
    object_session,
)

from app.audit.changes.change_row import RowChange, change_row
from app.audit.changes.guard import UnauditedWriteError, flushing, recorded
from app.audit.changes.snapshots import Values
from app.audit.models import AuditChange
from app.core.clock import now
from app.core.models import Entity

# Keys of `Session.info`.
REDACTION_KEY = "redaction key"
READ_ONLY = "read-only"
MAX_CREATED_AGE = timedelta(seconds=1)


class AuditedSession(Session):
    """Session that inserts an `audit_change` row for each row that a flush changes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.changes: list[RowChange] = []
        self.old_rows: dict[InstanceState[Any], Values] = {}
        # Rows that were read before it changed may be stale.
        self.epoch = object()
        # All changes of a transaction have the same time, so that `as_of` never returns
        # a record without its related records.
        self.change_time: datetime | None = None

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
        at = {"at": self.change_time or now()}
        key = self.info[REDACTION_KEY]
        rows = [change_row(change, key) | at for change in changes]
        try:
            options = recorded(str(AuditChange.__tablename__))
            self.connection().execute(
                insert(AuditChange), rows, execution_options=options
            )
        except IntegrityError as error:
            # Not a conflict between clients: an unrecorded write reused a version.
            raise UnauditedWriteError(
                "The change log already has an entry for this version of the record"
            ) from error


def first_created_at(new: Iterable[Any]) -> datetime:
    """Return the earliest `created_at` within the last second, or the current time.

    With this change time, a record exists `as_of` its own `created_at`.
    """
    current = now()
    earliest = current - MAX_CREATED_AGE
    created = (each.created_at for each in new if isinstance(each, Entity))
    return min((each for each in created if each > earliest), default=current)


def set_change_time(session: AuditedSession, *_: Any) -> None:
    session.change_time = session.change_time or first_created_at(session.new)


def clear_change_time(session: AuditedSession) -> None:
    session.change_time = None
    session.epoch = object()


def forget_rows(session: AuditedSession, _: SessionTransaction) -> None:
    """Forget rows after the rollback of a savepoint, which may have changed them."""
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
event.listen(AuditedSession, "after_commit", clear_change_time)
event.listen(AuditedSession, "after_rollback", clear_change_time)
event.listen(AuditedSession, "after_soft_rollback", forget_rows)
