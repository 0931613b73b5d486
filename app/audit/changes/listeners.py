"""Change data capture (CDC): listeners that record each change of an Entity.

The `audit_change` row is inserted in the transaction of the change, so neither is
committed without the other.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import Connection, Result, event
from sqlalchemy.orm import Mapper, ORMExecuteState
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE
from sqlalchemy.sql import ClauseElement

from app.audit.changes.bulk import (
    bulk_savepoint,
    changed_values,
    is_bulk_write,
    run_bulk_write,
)
from app.audit.changes.change_row import RowChange
from app.audit.changes.guard import UnauditedWriteError
from app.audit.changes.recorder import ChangeRecorder, current_recorder
from app.audit.changes.session import AuditedSession, require_audited
from app.audit.changes.snapshots import Values, column_names
from app.audit.changes.values.loaded_rows import stored_row
from app.audit.changes.values.new_values import written_row
from app.audit.models import Action, AuditChange
from app.core.db.derived.columns import base_columns
from app.core.models import Entity


def record_bulk_write(state: ORMExecuteState) -> Result[Any] | None:
    if not is_bulk_write(state):
        return None
    session = require_audited(state.session)
    with bulk_savepoint(state):
        result, changes = run_bulk_write(state)
        session.recorder.record_changes(session.connection(), changes)
    return result


def before_insert(_: Mapper[Any], __: Connection, entity: Entity) -> None:
    current_recorder().writing.append((entity, None))


def before_update(_: Mapper[Any], connection: Connection, entity: Entity) -> None:
    row = stored_row(entity, connection)
    current_recorder().writing.append((entity, row))


def after_writing(_: Mapper[Any], connection: Connection, __: Entity) -> None:
    """Record all that the unit of work has just written.

    It writes several objects, and then emits the event of each: a listener can change
    an object whose event is still to come, which nothing writes any more.
    """
    recorder = current_recorder()
    writing, recorder.writing = recorder.writing, []
    for entity, before in writing:
        if before is None:
            record_insert(recorder, connection, entity)
        else:
            record_update(recorder, connection, entity, before)


def record_insert(
    recorder: ChangeRecorder, connection: Connection, entity: Entity
) -> None:
    new = written_row(entity, connection)
    recorder.remember(instance_state(entity), new)
    recorder.changes.append(
        RowChange(Action.INSERT, type(entity), entity.id, entity.version, {}, new)
    )


def record_update(
    recorder: ChangeRecorder, connection: Connection, entity: Entity, before: Values
) -> None:
    if entity.version == before["version"]:
        return  # no column differs, so no UPDATE was sent
    if entity.version != before["version"] + 1:
        raise UnauditedWriteError("The version of a record can't be assigned")
    names = {*changed_names(entity), *names_set_by_update(type(entity))}
    row = written_row(entity, connection, names, before)
    recorder.remember(instance_state(entity), row)
    old, new = changed_values(before, row)
    change = RowChange(Action.UPDATE, type(entity), entity.id, entity.version, old, new)
    recorder.changes.append(change)


@cache
def names_set_by_update(model: type[Entity]) -> frozenset[str]:
    """Return the columns that each UPDATE sets, even if code sets others only."""
    columns = base_columns(model.__table__)
    return frozenset({"version", *(it.key for it in columns if it.onupdate)})


def changed_names(entity: Entity) -> Iterator[str]:
    """Yield the name of each changed column."""
    state = instance_state(entity)
    committed = state.committed_state  # of the attributes that were set
    for name in filter(committed.__contains__, column_names(type(entity))):
        history = state.get_history(name, PASSIVE_NO_INITIALIZE)
        if not history.added or name == "version":
            continue
        if not history.deleted:
            raise UnauditedWriteError(
                f"{name} was modified in place: assign a new value instead"
            )
        if name == "id":
            raise UnauditedWriteError("Primary keys can't be changed")
        yield name


def before_delete(_: Mapper[Any], connection: Connection, entity: Entity) -> None:
    old = stored_row(entity, connection)
    if old:
        version = old["version"] + 1
        current_recorder().changes.append(
            RowChange(Action.DELETE, type(entity), entity.id, version, old, {})
        )


def reject_expression(entity: Entity, value: Any, old: Any, initiator: Any) -> None:
    if isinstance(value, ClauseElement):
        raise UnauditedWriteError(
            "SQL expressions can't be assigned to an entity: read the row, and "
            "assign the computed value"
        )


def reject_direct_insert(*_: Any) -> None:
    raise UnauditedWriteError("Only the CDC listeners may insert an AuditChange")


event.listen(AuditedSession, "do_orm_execute", record_bulk_write)
LISTENERS: dict[str, Any] = {
    "before_insert": before_insert,
    "after_insert": after_writing,
    "before_update": before_update,
    "after_update": after_writing,
    "before_delete": before_delete,
}
for name, listener in LISTENERS.items():
    # First, so that other listeners can't change the attributes that were written.
    event.listen(Entity, name, listener, propagate=True, insert=True)
event.listen(AuditChange, "before_insert", reject_direct_insert)
