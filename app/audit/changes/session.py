"""The session that entities are written by: it keeps what a flush has changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstanceState, Session, UOWTransaction, object_session

from app.audit.changes.change_row import RowChange, change_row
from app.audit.changes.guard import UnauditedWriteError, seen_by_audit
from app.audit.changes.snapshots import Values
from app.audit.models import AuditChange
from app.core.clock import now
from app.core.models import Entity

KEY = "redaction key"  # where, in the session's info
JUST_BEFORE = timedelta(seconds=1)


class AuditedSession(Session):
    """A session that writes down what each flush has changed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.steps: list[RowChange] = []
        self.before: dict[InstanceState[Any], Values] = {}
        # One instant for all that a transaction changes: what happened at once can be
        # seen at once, and no moment lies between a record and its parts.
        self.instant: datetime | None = None

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        try:
            with seen_by_audit():
                super().flush(objects)
        finally:
            self.steps.clear()
            self.before.clear()

    def record(self, steps: list[RowChange]) -> None:
        if not steps:
            return
        at = {"at": self.instant or now()}
        rows = [change_row(step, self.info[KEY]) | at for step in steps]
        try:
            self.connection().execute(insert(AuditChange), rows)
        except IntegrityError as error:
            # Not the client's conflict: a version was written past the audit.
            raise UnauditedWriteError("This version has a history already") from error


def moment(born: Iterable[Any]) -> datetime:
    """Return now, or when the new records were made, if that was just before.

    So a record is there as of its own `created_at`.
    """
    instant = now()
    made = (each.created_at for each in born if isinstance(each, Entity))
    return min((each for each in made if each > instant - JUST_BEFORE), default=instant)


def fix_instant(session: AuditedSession, *_: Any) -> None:
    session.instant = session.instant or moment(session.new)


def forget_instant(session: AuditedSession) -> None:
    session.instant = None


def write_changes(session: AuditedSession, _: UOWTransaction) -> None:
    session.record(session.steps)


def session_of(entity: Entity) -> AuditedSession:
    return audited(object_session(entity))


def audited(session: Session | None) -> AuditedSession:
    if not isinstance(session, AuditedSession):
        raise UnauditedWriteError("Entities are written by an AuditedSession only")
    return session


# Before a flush that has something to write, not at every query that asks for one:
# a change happens when its rows are locked, not while it waits for them.
event.listen(AuditedSession, "before_flush", fix_instant)
event.listen(AuditedSession, "after_flush", write_changes)
event.listen(AuditedSession, "after_commit", forget_instant)
event.listen(AuditedSession, "after_rollback", forget_instant)
