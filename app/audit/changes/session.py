"""Session of the ORM whose changes are recorded."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from app.audit.changes.guard import (
    UnauditedWriteError,
    flush_recorder,
    flushing,
    is_flushing,
)
from app.audit.changes.recorder import ChangeRecorder
from app.core.db.driver.read_only import ReadOnlyError
from app.core.db.records.listener import FlushListener
from app.core.db.records.orm_session import OrmSession

# Keys of `Session.info`.
REDACTION_KEY = "redaction key"
READ_ONLY = "read-only"


class AuditedSession(OrmSession):
    """Session that inserts an `audit_change` row for each row that a flush changes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.recorder = ChangeRecorder(self.info[REDACTION_KEY])

    def join(self, connection: Connection | None, listener: FlushListener) -> None:
        if isinstance(listener, ChangeRecorder):
            self.recorder = listener
        super().join(connection, listener)

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        with self.recorder.flushing():
            super().flush(objects)

    # They write as the unit of work does, but without the events that record it.

    def bulk_save_objects(self, *args: Any, **options: Any) -> None:
        with flushing(None):
            super().bulk_save_objects(*args, **options)

    def bulk_insert_mappings(self, *args: Any, **options: Any) -> None:
        with flushing(None):
            super().bulk_insert_mappings(*args, **options)

    def bulk_update_mappings(self, *args: Any, **options: Any) -> None:
        with flushing(None):
            super().bulk_update_mappings(*args, **options)


def set_change_time(session: AuditedSession, *_: Any) -> None:
    if session.info.get(READ_ONLY):
        raise ReadOnlyError
    session.recorder.before_flush(session.connection(), session.new, session.dirty)


def clear_change_time(session: AuditedSession, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.recorder.transaction_ended()


def forget_rows(session: AuditedSession, _: Any) -> None:
    session.recorder.forget_rows()


def record_flush(session: AuditedSession, _: UOWTransaction) -> None:
    session.recorder.after_flush(session.connection())


def refuse_commit(_: Connection) -> None:
    if is_flushing():
        raise UnauditedWriteError(
            "What a flush writes is committed with its entries, or not at all"
        )


def note_rollback(*_: Any) -> None:
    # A flush that fails rolls back as well, so this is an error only if it goes on.
    if recorder := flush_recorder():
        recorder.is_rolled_back = True


def require_audited(session: Session | None) -> AuditedSession:
    if not isinstance(session, AuditedSession):
        raise UnauditedWriteError("Entities can only be written by an AuditedSession")
    return session


# `before_flush` is emitted only if a flush writes.
event.listen(AuditedSession, "before_flush", set_change_time)
event.listen(AuditedSession, "after_flush", record_flush)
event.listen(AuditedSession, "after_transaction_end", clear_change_time)
event.listen(AuditedSession, "after_soft_rollback", forget_rows)
