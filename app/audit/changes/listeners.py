"""Change data capture (CDC): listeners that record each change of an Entity.

The `audit_change` row is inserted in the transaction of the change, so neither is
committed without the other.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Result, event, inspect, select
from sqlalchemy.orm import Mapper, ORMExecuteState
from sqlalchemy.sql import ClauseElement

from app.audit.changes.bulk import is_bulk_write, run_bulk_write
from app.audit.changes.change_row import RowChange
from app.audit.changes.guard import UnauditedWriteError, audited_writes
from app.audit.changes.session import AuditedSession, require_audited, session_of
from app.audit.changes.snapshots import Values
from app.audit.models import Action, AuditChange
from app.core.models import Entity

BOOKKEEPING = ("version", "updated_at")  # set during the flush


def record_bulk_write(state: ORMExecuteState) -> Result[Any] | None:
    if not is_bulk_write(state):
        return None
    result, changes = run_bulk_write(state)
    with audited_writes():
        require_audited(state.session).record_changes(changes)
    return result


def loaded_values(entity: Entity) -> dict[str, Any]:
    loaded = entity.__dict__
    return {name: loaded.get(name) for name in entity.__table__.c.keys()}  # noqa: SIM118


def after_insert(_: Mapper[Any], __: Connection, entity: Entity) -> None:
    new = loaded_values(entity)
    add_change(
        entity,
        RowChange(Action.INSERT, type(entity), entity.id, entity.version, {}, new),
    )


def before_update(_: Mapper[Any], __: Connection, entity: Entity) -> None:
    session = session_of(entity)
    values = {name: entity.__dict__.get(name) for name in BOOKKEEPING}
    session.old_bookkeeping[inspect(entity)] = values


def after_update(_: Mapper[Any], __: Connection, entity: Entity) -> None:
    old = dict(old_values(entity))
    before = session_of(entity).old_bookkeeping.pop(inspect(entity))
    if entity.version == before["version"]:
        return  # no column differs, so no UPDATE was sent
    old.setdefault("updated_at", before["updated_at"])
    new = {name: entity.__dict__[name] for name in old}
    change = RowChange(Action.UPDATE, type(entity), entity.id, entity.version, old, new)
    add_change(entity, change)


def old_values(entity: Entity) -> Iterator[tuple[str, Any]]:
    """Yield the name and the old value of each changed column."""
    state = inspect(entity)
    for name in entity.__table__.c.keys():  # noqa: SIM118
        history = state.attrs[name].history
        if not history.added or name == "version":
            continue
        if not history.deleted:
            raise UnauditedWriteError(
                f"{name} was modified in place: assign a new value instead"
            )
        if name == "id":
            raise UnauditedWriteError("Primary keys can't be changed")
        yield name, history.deleted[0]


def before_delete(_: Mapper[Any], connection: Connection, entity: Entity) -> None:
    old = stored_values(entity, connection)
    if old:
        version = old["version"] + 1
        add_change(
            entity, RowChange(Action.DELETE, type(entity), entity.id, version, old, {})
        )


def stored_values(entity: Entity, connection: Connection) -> Values:
    """Return the row's values in the database; empty if it does not exist.

    Loaded values need no query: the DELETE checks that their version is current.
    """
    table = entity.__table__
    if not inspect(entity).modified and entity.__dict__.keys() >= set(table.c.keys()):
        return loaded_values(entity)
    row = connection.execute(select(table).where(table.c.id == entity.id))
    return next(map(dict, row.mappings()), {})


def add_change(entity: Entity, change: RowChange) -> None:
    session_of(entity).changes.append(change)


def reject_expression(entity: Entity, value: Any, old: Any, initiator: Any) -> None:
    if isinstance(value, ClauseElement):
        raise UnauditedWriteError(
            "SQL expressions can't be assigned to an entity: read the row, and "
            "assign the computed value"
        )


def reject_direct_insert(*_: Any) -> None:
    raise UnauditedWriteError("Only the CDC listeners may insert an AuditChange")


event.listen(AuditedSession, "do_orm_execute", record_bulk_write)
event.listen(Entity, "after_insert", after_insert, propagate=True)
event.listen(Entity, "before_update", before_update, propagate=True)
event.listen(Entity, "after_update", after_update, propagate=True)
event.listen(Entity, "before_delete", before_delete, propagate=True)
event.listen(AuditChange, "before_insert", reject_direct_insert)
