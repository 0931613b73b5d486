"""Bulk UPDATE and DELETE of entities: they pass no flush, so they are recorded here."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Delete, Result, Update, select
from sqlalchemy.orm import Mapper, ORMExecuteState, Session

from app.audit.changes.change_row import RowChange
from app.audit.changes.guard import UnauditedWriteError, seen_by_audit
from app.audit.changes.snapshots import Values
from app.audit.models import Action
from app.core.models import Entity

Rows = dict[UUID, Values]

MOST = 10_000  # rows in one statement: drivers count the ids, memory the snapshots


def is_bulk(state: ORMExecuteState) -> bool:
    mapper = state.bind_mapper
    writes = state.is_insert or state.is_update or state.is_delete
    return bool(
        state.is_orm_statement
        and writes
        and mapper
        and issubclass(mapper.class_, Entity)
    )


def run_bulk(state: ORMExecuteState) -> tuple[Result[Any], list[RowChange]]:
    """Lock and read the rows, change exactly those, read them again, compare.

    Raises:
        UnauditedWriteError: the statement inserts, or touches too many rows.
    """
    mapper, statement = state.bind_mapper, state.statement
    assert mapper  # noqa: S101  is_bulk() has looked
    if state.is_executemany or not isinstance(statement, Update | Delete):
        raise UnauditedWriteError(
            "Give these rows to session.add_all(): it sends them as one statement too"
        )
    state.session.flush()
    before = read(state.session, mapper, statement.whereclause)
    # By id, not by the condition once more: new rows may meet it by now.
    ids = mapper.c.id.in_(before)
    statement = statement.where(ids)
    if isinstance(statement, Update):
        statement = statement.values(version=mapper.c.version + 1)
    with seen_by_audit():
        result = state.invoke_statement(statement)
    return result, steps(mapper, before, read(state.session, mapper, ids), state)


def read(
    session: Session, mapper: Mapper[Any], where: ColumnElement[bool] | None
) -> Rows:
    table = mapper.local_table
    query = select(table).limit(MOST + 1).with_for_update(of=table)
    if where is not None:
        query = query.where(where)
    rows = session.connection().execute(query).mappings().all()
    if len(rows) > MOST:
        raise UnauditedWriteError(f"More than {MOST} rows at once: go in steps")
    return {row["id"]: dict(row) for row in rows}


def steps(
    mapper: Mapper[Any], before: Rows, after: Rows, state: ORMExecuteState
) -> list[RowChange]:
    model = mapper.class_
    if state.is_delete:
        return [
            RowChange(Action.DELETE, model, id, old["version"] + 1, old, {})
            for id, old in before.items()
        ]
    if after.keys() != before.keys():
        raise UnauditedWriteError("An id is for life")
    return [
        RowChange(Action.UPDATE, model, id, new["version"], *changed(before[id], new))
        for id, new in after.items()
    ]


def changed(old: Values, new: Values) -> tuple[Values, Values]:
    """Keep what differs; the version has a column of its own."""
    names = [name for name in new if name != "version" and old[name] != new[name]]
    return {name: old[name] for name in names}, {name: new[name] for name in names}
