"""Change data capture: every change to an Entity becomes an AuditChange row.

The row is written in the same transaction as the change, so neither can be
committed without the other.
"""

from typing import Any

from sqlalchemy import Connection, Result, event, inspect, select
from sqlalchemy.orm import Mapper, ORMExecuteState
from sqlalchemy.sql import ClauseElement

from app.audit.changes.bulk import is_bulk, run_bulk
from app.audit.changes.change_row import RowChange
from app.audit.changes.guard import UnauditedWriteError, seen_by_audit
from app.audit.changes.session import AuditedSession, audited, session_of
from app.audit.changes.snapshots import Values
from app.audit.models import Action, AuditChange
from app.core.models import Entity

BOOKKEEPING = ("version", "updated_at")  # the flush itself moves them


def record_bulk(state: ORMExecuteState) -> Result[Any] | None:
    if not is_bulk(state):
        return None
    result, steps = run_bulk(state)
    with seen_by_audit():
        audited(state.session).record(steps)
    return result


def loaded(entity: Entity) -> dict[str, Any]:
    known = entity.__dict__
    return {name: known.get(name) for name in entity.__table__.c.keys()}  # noqa: SIM118


def after_insert(_: Mapper[Any], __: Connection, entity: Entity) -> None:
    new = loaded(entity)
    note(
        entity,
        RowChange(Action.INSERT, type(entity), entity.id, entity.version, {}, new),
    )


def before_update(_: Mapper[Any], __: Connection, entity: Entity) -> None:
    session = session_of(entity)
    known = {name: entity.__dict__.get(name) for name in BOOKKEEPING}
    session.before[inspect(entity)] = known


def after_update(_: Mapper[Any], __: Connection, entity: Entity) -> None:
    old = dict(overwritten(entity))
    before = session_of(entity).before.pop(inspect(entity))
    if entity.version == before["version"]:
        return  # nothing was different, and so nothing was written
    old.setdefault("updated_at", before["updated_at"])
    new = {name: entity.__dict__[name] for name in old}
    step = RowChange(Action.UPDATE, type(entity), entity.id, entity.version, old, new)
    note(entity, step)


def overwritten(entity: Entity) -> Any:
    """Yield the name and the old value of each column that has another one now."""
    state = inspect(entity)
    for name in entity.__table__.c.keys():  # noqa: SIM118
        history = state.attrs[name].history
        if not history.added or name == "version":
            continue
        if not history.deleted:
            raise UnauditedWriteError(f"{name} was edited in place: replace its value")
        if name == "id":
            raise UnauditedWriteError("An id is for life")
        yield name, history.deleted[0]


def before_delete(_: Mapper[Any], connection: Connection, entity: Entity) -> None:
    old = as_stored(entity, connection)
    if old:
        version = old["version"] + 1
        note(
            entity, RowChange(Action.DELETE, type(entity), entity.id, version, old, {})
        )


def as_stored(entity: Entity, connection: Connection) -> Values:
    """Return the row. Its version protects what was loaded; the rest is read now."""
    table = entity.__table__
    if not inspect(entity).modified and entity.__dict__.keys() >= set(table.c.keys()):
        return loaded(entity)
    row = connection.execute(select(table).where(table.c.id == entity.id))
    return next(map(dict, row.mappings()), {})


def note(entity: Entity, step: RowChange) -> None:
    session_of(entity).steps.append(step)


def refuse_expression(entity: Entity, value: Any, old: Any, initiator: Any) -> None:
    if isinstance(value, ClauseElement):
        raise UnauditedWriteError(
            "Assign a value, not an SQL expression: read the row and compute it here"
        )


def refuse_forgery(*_: Any) -> None:
    raise UnauditedWriteError("The audit alone adds to its log")


event.listen(AuditedSession, "do_orm_execute", record_bulk)
event.listen(Entity, "after_insert", after_insert, propagate=True)
event.listen(Entity, "before_update", before_update, propagate=True)
event.listen(Entity, "after_update", after_update, propagate=True)
event.listen(Entity, "before_delete", before_delete, propagate=True)
event.listen(AuditChange, "before_insert", refuse_forgery)
