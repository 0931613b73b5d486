"""The session that entities are written by: it keeps what a flush has changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import event, insert
from sqlalchemy.orm import InstanceState, Session, UOWTransaction, object_session

from app.audit.guard import UnauditedWriteError, seen_by_audit
from app.audit.images import Values
from app.audit.models import AuditChange
from app.audit.rows import Step, change_row
from app.core.models import Entity

KEY = "redaction key"  # where, in the session's info


class AuditedSession(Session):
    """A session that writes down what each flush has changed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.steps: list[Step] = []
        self.before: dict[InstanceState[Any], Values] = {}

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        try:
            with seen_by_audit():
                super().flush(objects)
        finally:
            self.steps.clear()
            self.before.clear()

    def record(self, steps: list[Step]) -> None:
        if steps:
            rows = [change_row(step, self.info[KEY]) for step in steps]
            self.connection().execute(insert(AuditChange), rows)


def write_changes(session: AuditedSession, _: UOWTransaction) -> None:
    session.record(session.steps)


def session_of(entity: Entity) -> AuditedSession:
    return audited(object_session(entity))


def audited(session: Session | None) -> AuditedSession:
    if not isinstance(session, AuditedSession):
        raise UnauditedWriteError("Entities are written by an AuditedSession only")
    return session


event.listen(AuditedSession, "after_flush", write_changes)
