"""Ranges of a collection's ids, so that a part of its past takes a part of the time."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select

from app.audit.history.collection.scope import RECORD, Scope
from app.audit.models import Action
from app.audit.repository import CHANGES
from app.core.db.session import DatabaseSession

RANGE = 5_000  # records that exist, and as many that were deleted since


async def read_ranges(session: DatabaseSession, scope: Scope) -> AsyncIterator[Scope]:
    """Yield scopes of about RANGE records each, the newest ids first."""
    queries = [live, deleted]
    while queries:
        found = {it: await session.value(it(scope)) for it in queries}
        queries = [it for it in queries if found[it] is not None]
        firsts = [found[it] for it in queries]
        yield replace(scope, first=max(firsts, default=scope.first))
        scope = replace(scope, end=max(firsts, default=None))


def live(scope: Scope) -> Select[Any]:
    """Return the query of the first id of the next range."""
    id = scope.table.c.id
    query = select(id).where(*scope.has(id)).order_by(id.desc())
    return query.offset(RANGE).limit(1)


def deleted(scope: Scope) -> Select[Any]:
    gone = CHANGES.c.action == Action.DELETE
    query = select(RECORD).where(*scope.later(), gone).order_by(RECORD.desc())
    return query.offset(RANGE).limit(1)
