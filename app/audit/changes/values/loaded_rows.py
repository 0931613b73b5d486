"""Rows of entities as the current transaction has read or written them.

They are the old values of the change log. The attributes of an entity are not: code can
set them without a trace, and an object may come from elsewhere.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Alias,
    Connection,
    FromClause,
    Join,
    Select,
    Table,
    TableValuedAlias,
    event,
    select,
)
from sqlalchemy.orm import InstanceState, QueryContext
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.sql.visitors import iterate

from app.audit.changes.recorder import ROW, current_recorder
from app.audit.changes.session import READ_ONLY, AuditedSession
from app.audit.changes.snapshots import Values, column_names, copy_values
from app.core.db.derived.columns import base_columns
from app.core.models import Entity

TABLES = Table, Join, Alias
State = InstanceState[Any]


def remember_loaded(state: State, context: QueryContext | None) -> None:
    """Keep what a query has loaded from the table; merge(load=False) has no query."""
    session = context and context.session
    if not context or not isinstance(session, AuditedSession):
        return
    if not session.info.get(READ_ONLY) and reads_tables(context):
        session.recorder.remember(state, copy_values(state.class_, state.dict))


def reads_tables(context: QueryContext) -> bool:
    """Return whether a query reads only tables.

    text(), RETURNING and subqueries can return other values than the row has.
    """
    # The state is cached with the compiled statement; this takes 50 µs.
    query, known = context.query, context.compile_state.attributes
    if ROW not in known:
        known[ROW] = isinstance(query, Select) and not any(
            isinstance(each, FromClause)
            and (not isinstance(each, TABLES) or isinstance(each, TableValuedAlias))
            for each in iterate(query)
        )
    return bool(known[ROW])


def remember_refreshed(
    state: State, context: QueryContext | None, names: Iterable[str] | None
) -> None:
    """Add the refreshed columns to those known before."""
    session = state.session
    known = session.recorder.known(state) if isinstance(session, AuditedSession) else {}
    remember_loaded(state, context)
    if names is not None and context is not None and ROW in state.info:
        epoch, loaded = state.info[ROW]
        fresh = {name: loaded[name] for name in names if name in loaded}
        state.info[ROW] = epoch, {**known, **fresh}


def forget_expired(state: State, names: Iterable[str] | None) -> None:
    state.info.pop(ROW, None)


def stored_row(entity: Entity, connection: Connection) -> Values:
    """Return the row before this flush; read and lock it unless it is known.

    Empty if there is no row. The known row must be of the version that the statement
    will require.
    """
    known = current_recorder().known(instance_state(entity))
    complete = len(known) == len(column_names(type(entity)))
    if complete and known["version"] == entity.__dict__.get("version"):
        return known
    return read_row(entity, connection)


def read_row(entity: Entity, connection: Connection) -> Values:
    """Read the row, and lock it until the transaction ends."""
    table = entity.__table__
    query = select(*base_columns(table)).where(table.c.id == entity.id)
    locked = query.with_for_update(key_share=True, of=table)
    return next(map(dict, connection.execute(locked).mappings()), {})


event.listen(Entity, "load", remember_loaded, raw=True, propagate=True)
event.listen(Entity, "refresh", remember_refreshed, raw=True, propagate=True)
event.listen(Entity, "expire", forget_expired, raw=True, propagate=True)
