"""Ranges of a collection's ids, so that a part of its past takes a part of the time."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select

from app.audit.history.collection.scope import RECORD, Scope
from app.audit.models import Action
from app.audit.repository import CHANGES
from app.core.db.session import DatabaseSession

RANGE = 5_000  # records that exist, and as many that were deleted since


class Ranges:
    """Ranges of about RANGE records each, the newest ids first."""

    def __init__(self, scope: Scope) -> None:
        self.rest: Scope | None = scope
        self.bounds = [live, deleted]

    async def next(self, session: DatabaseSession) -> Scope | None:
        """Return the next range; None after the last one."""
        if self.rest is None:
            return None
        scope = self.rest
        found = {it: await session.value(it(scope)) for it in self.bounds}
        self.bounds = [it for it in self.bounds if found[it] is not None]
        first = max((found[it] for it in self.bounds), default=None)
        self.rest = replace(scope, end=first) if first else None
        return replace(scope, first=first)


def live(scope: Scope) -> Select[Any]:
    """Return the query of the first id of the next range."""
    id = scope.table.c.id
    query = select(id).where(*scope.has(id)).order_by(id.desc())
    return query.offset(RANGE).limit(1)


def deleted(scope: Scope) -> Select[Any]:
    gone = CHANGES.c.action == Action.DELETE
    query = select(RECORD).where(*scope.later(), gone).order_by(RECORD.desc())
    return query.offset(RANGE).limit(1)
