"""Recording of bulk UPDATE and DELETE of entities, which bypass the flush."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Delete, Result, Update, select
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, SessionTransaction

from app.audit.changes.change_row import RowChange
from app.audit.changes.guard import (
    UnauditedWriteError,
    is_flushing,
    require_transaction,
)
from app.audit.changes.session import require_audited
from app.audit.changes.snapshots import Values
from app.audit.changes.tables import recorded
from app.audit.changes.values.derived_values import update_derived
from app.audit.models import Action
from app.core.db.derived.columns import base_columns
from app.core.db.records.timestamps import changing
from app.core.models import Entity

Rows = dict[UUID, Values]

# Per statement: drivers limit bound parameters, and all snapshots are in memory.
MAX_ROWS = 10_000


def is_bulk_write(state: ORMExecuteState) -> bool:
    mapper = state.bind_mapper
    writes = state.is_insert or state.is_update or state.is_delete
    return bool(
        state.is_orm_statement
        and writes
        and mapper
        and issubclass(mapper.class_, Entity)
    )


def run_bulk_write(state: ORMExecuteState) -> tuple[Result[Any], list[RowChange]]:
    """Execute the statement on locked rows; return its result and the row changes.

    Raises:
        UnauditedWriteError: the statement is an INSERT or an executemany, affects more
            than MAX_ROWS rows, or changes a primary key.
    """
    mapper, statement = state.bind_mapper, supported_statement(state)
    session = require_audited(state.session)
    assert mapper  # noqa: S101  is_bulk_write() has checked it
    before = lock_rows(session, mapper, statement.whereclause)
    # Select by id: rows inserted since the read may satisfy the original condition.
    ids = mapper.c.id.in_(before)
    statement = statement.where(ids)
    if isinstance(statement, Update):
        statement = statement.values(version=mapper.c.version + 1)
    options = recorded(mapper.class_.__table__.name)
    recorder, connection = session.recorder, session.connection()
    times = (row["updated_at"] for row in before.values())
    with changing(recorder.clock.start(connection, times)):
        result = state.invoke_statement(statement, execution_options=options)
    after = lock_rows(session, mapper, ids)
    changes = row_changes(mapper, before, after, state)
    update_derived(connection, mapper.class_, before, after)
    return result, changes


def supported_statement(state: ORMExecuteState) -> Update | Delete:
    if state.is_executemany or not isinstance(state.statement, Update | Delete):
        raise UnauditedWriteError(
            "Bulk INSERT, and UPDATE by a list of keys, can't be recorded: change the "
            "entities in the session. session.add_all() also sends one statement"
        )
    return state.statement


def bulk_savepoint(state: ORMExecuteState) -> SessionTransaction:
    """Flush, and set a savepoint: who goes on after an error has changed nothing."""
    if is_flushing():
        raise UnauditedWriteError("Bulk statements can't be recorded during a flush")
    session = require_audited(state.session)
    require_transaction(session.connection())
    return session.savepoint()


def lock_rows(
    session: Session, mapper: Mapper[Any], where: ColumnElement[bool] | None
) -> Rows:
    table = mapper.local_table
    query = select(*base_columns(table)).limit(MAX_ROWS + 1).with_for_update(of=table)
    if where is not None:
        query = query.where(where)
    connection = session.connection()
    rows = connection.execute(query).mappings().all()
    if len(rows) > MAX_ROWS:
        raise UnauditedWriteError(
            f"The statement affects more than {MAX_ROWS} rows: split it into batches"
        )
    return {row["id"]: dict(row) for row in rows}


def row_changes(
    mapper: Mapper[Any], before: Rows, after: Rows, state: ORMExecuteState
) -> list[RowChange]:
    """Return the changes of those rows that the statement has changed.

    Its condition may have been another one when it was executed: `random()`.
    """
    model = mapper.class_
    if state.is_delete:
        return [
            RowChange(Action.DELETE, model, id, old["version"] + 1, old, {})
            for id, old in before.items()
            if id not in after
        ]
    if after.keys() != before.keys():
        raise UnauditedWriteError("Primary keys can't be changed")
    return [
        RowChange(
            Action.UPDATE, model, id, new["version"], *changed_values(before[id], new)
        )
        for id, new in after.items()
        if new["version"] != before[id]["version"]
    ]


def changed_values(old: Values, new: Values) -> tuple[Values, Values]:
    """Return the old and new values that differ; `version` has its own column."""
    names = [name for name in new if name != "version" and old[name] != new[name]]
    return {name: old[name] for name in names}, {name: new[name] for name in names}
