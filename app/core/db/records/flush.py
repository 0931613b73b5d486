"""Writing of records: the statements and events of the ORM's unit of work.

The order of both is the same, so listeners of a mapper need not know who writes.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.exc import StaleDataError

from app.core.db.driver.compiled import Row
from app.core.db.driver.execution import change, change_many
from app.core.db.records.plain import (
    Model,
    defaults_of,
    made_by,
    mapper_of,
    updates_of,
)
from app.core.db.records.records import Records
from app.core.db.records.statements import (
    delete_of,
    insert_of,
    new_values,
    update_of,
)


def flush(connection: Connection, records: Records) -> None:
    """Write all that is pending.

    Raises:
        StaleDataError: a row is gone, or of another version than was read.
    """
    listener, changed = records.listener, records.changed()
    with listener.flushing():
        listener.before_flush(connection, records.added, changed)
        for model, group in groupby(changed, type):
            update_records(connection, model, [*group])
        for model, group in groupby(records.added, type):
            insert_records(connection, model, [*group])
        for model, group in groupby(records.in_order(records.deleted), type):
            delete_records(connection, model, [*group])
        listener.after_flush(connection)
    records.flushed(changed)


def insert_records(connection: Connection, model: Model, found: list[Any]) -> None:
    mapper = mapper_of(model)
    names = mapper.local_table.c.keys()
    emit(mapper.dispatch.before_insert, connection, found)
    for values in (record.__dict__ for record in found):
        values["version"] = mapper.version_id_generator(None)
        for name, default in defaults_of(model):
            if values.get(name) is None:
                values[name] = made_by(default)
    rows = [new_values({it: row.get(it) for it in names}) for row in map(vars, found)]
    statement, options = insert_of(model), options_of(mapper)
    if len(rows) == 1:
        change(connection, statement, rows[0], options)
    else:
        change_many(connection, statement, rows, options)
    emit(mapper.dispatch.after_insert, connection, found)


def update_records(connection: Connection, model: Model, found: list[Any]) -> None:
    mapper = mapper_of(model)
    emit(mapper.dispatch.before_update, connection, found)
    for record in found:
        if values := changed_values(record):
            update_record(connection, record, values)
    emit(mapper.dispatch.after_update, connection, found)


def update_record(connection: Connection, record: Any, values: Row) -> None:
    state: Any = instance_state(record)
    mapper = state.mapper
    old = state.committed_state.get("version", record.version)
    values.setdefault("version", mapper.version_id_generator(old))
    for name, default in updates_of(mapper.class_):
        if name not in values:
            values[name] = made_by(default)
    names = tuple(sorted(values))
    id = state.committed_state.get("id", record.id)
    row = {**new_values(values), "row_id": id, "row_version": old}
    statement = update_of(mapper.class_, names)
    require_row(change(connection, statement, row, options_of(mapper)), mapper)
    record.__dict__.update(values)


def changed_values(record: Any) -> Row:
    """Return the attributes whose values differ from those of the row."""
    state = instance_state(record)
    columns, values = state.mapper.local_table.c, state.dict
    return {
        name: values[name]
        for name, old in state.committed_state.items()
        if name in columns
        and state.manager[name].impl.is_equal(values[name], old) is not True
    }


def delete_records(connection: Connection, model: Model, found: list[Any]) -> None:
    mapper = mapper_of(model)
    emit(mapper.dispatch.before_delete, connection, found)
    for record in found:
        old = instance_state(record).committed_state.get("version", record.version)
        row = {"row_id": record.id, "row_version": old}
        count = change(connection, delete_of(model), row, options_of(mapper))
        require_row(count, mapper)
    emit(mapper.dispatch.after_delete, connection, found)


def emit(event: Any, connection: Connection, found: Sequence[Any]) -> None:
    if not event:
        return
    for record in found:
        state = instance_state(record)
        event(state.mapper, connection, state)


def options_of(mapper: Any) -> Row:
    """Return the option that a flush of this mapper has: the audit's guard reads it."""
    return {"compiled_cache": mapper._compiled_cache}


def require_row(count: int, mapper: Any) -> None:
    if count != 1:
        raise StaleDataError(f"The row of {mapper.class_.__name__} has changed")
